import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;

/** What the Java clients share: names, files, and the post. */
final class Wire {
    static final String WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
    static final String WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
    static final String X509 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3";
    static final String SKI =
            "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509SubjectKeyIdentifier";
    static final String THUMBPRINT =
            "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1";
    static final String BASE64 =
            "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary";

    /** Validates an answer; returns what the bus signed, as PARENT/NAME joined by commas. */
    interface Judge {
        String judge(byte[] answer) throws Exception;
    }

    private final HttpClient http = HttpClient.newHttpClient();
    private final URI address;
    private final Path folder;

    Wire(String address, String folder) {
        this.address = URI.create(address);
        this.folder = Path.of(folder);
    }

    /** Posts; leaves NAME.sent and NAME.answer in the folder and says on stdout: name, HTTP status, what is signed. */
    void call(String name, String soap, byte[] sent, Judge judge) throws Exception {
        Files.write(folder.resolve(name + ".sent"), sent);
        String media = soap.contains("2003/05") ? "application/soap+xml" : "text/xml";
        HttpRequest request = HttpRequest.newBuilder(address)
                .header("Content-Type", media + "; charset=UTF-8")
                .POST(HttpRequest.BodyPublishers.ofByteArray(sent))
                .build();
        HttpResponse<byte[]> answer = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
        Files.write(folder.resolve(name + ".answer"), answer.body());
        System.out.println(name + " " + answer.statusCode() + " " + judge.judge(answer.body()));
    }

    static DocumentBuilder builder() throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        return factory.newDocumentBuilder();
    }

    static byte[] octets(Document document) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        TransformerFactory.newInstance().newTransformer().transform(new DOMSource(document), new StreamResult(out));
        return out.toByteArray();
    }

    static X509Certificate certificate(String path) throws Exception {
        try (var in = Files.newInputStream(Path.of(path))) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    static PrivateKey key(String path, String algorithm) throws Exception {
        String text = Files.readString(Path.of(path)).replaceAll("-----[A-Z ]+-----|\\s", "");
        byte[] octets = Base64.getDecoder().decode(text);
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(octets));
    }
}

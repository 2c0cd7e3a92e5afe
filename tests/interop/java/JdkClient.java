import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.PSSParameterSpec;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Scanner;
import java.util.UUID;
import javax.xml.crypto.XMLStructure;
import javax.xml.crypto.dom.DOMStructure;
import javax.xml.crypto.dsig.CanonicalizationMethod;
import javax.xml.crypto.dsig.DigestMethod;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.SignatureMethod;
import javax.xml.crypto.dsig.SignedInfo;
import javax.xml.crypto.dsig.Transform;
import javax.xml.crypto.dsig.XMLSignature;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.crypto.dsig.keyinfo.KeyInfo;
import javax.xml.crypto.dsig.keyinfo.KeyInfoFactory;
import javax.xml.crypto.dsig.keyinfo.X509Data;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.ExcC14NParameterSpec;
import javax.xml.crypto.dsig.spec.RSAPSSParameterSpec;
import javax.xml.crypto.dsig.spec.SignatureMethodParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * WS-Security by nothing but the JDK: javax.xml.crypto.dsig signs, and validates the answer with secure validation on.
 *
 * <p>Arguments: URL, the bus's certificate (PEM), a folder. Each line of stdin is a call, in words: name, SOAP namespace,
 * key (PEM), certificate (PEM), signature algorithm, digest algorithm, prefixes joined by commas or "-", "enveloped" or
 * "-", form of key information. NAME.sent and NAME.answer are left in the folder; a line on stdout says name, HTTP
 * status, and what the bus signed.
 */
public final class JdkClient {
    static final String WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
    static final String WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
    static final String X509 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3";
    static final String SKI =
            "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509SubjectKeyIdentifier";
    static final String THUMBPRINT =
            "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1";
    static final String BASE64 =
            "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary";
    static final XMLSignatureFactory SIGNATURES = XMLSignatureFactory.getInstance("DOM");
    static final KeyInfoFactory KEYS = SIGNATURES.getKeyInfoFactory();

    public static void main(String[] arguments) throws Exception {
        HttpClient http = HttpClient.newHttpClient();
        X509Certificate bus = certificate(arguments[1]);
        Path folder = Path.of(arguments[2]);
        Scanner calls = new Scanner(System.in, "UTF-8");
        while (calls.hasNextLine()) {
            String[] call = calls.nextLine().split(" ");
            byte[] sent = signed(call);
            Files.write(folder.resolve(call[0] + ".sent"), sent);
            boolean soap12 = call[1].contains("2003/05");
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(arguments[0]))
                    .header("Content-Type", (soap12 ? "application/soap+xml" : "text/xml") + "; charset=UTF-8")
                    .POST(HttpRequest.BodyPublishers.ofByteArray(sent));
            HttpResponse<byte[]> answer = http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
            Files.write(folder.resolve(call[0] + ".answer"), answer.body());
            System.out.println(call[0] + " " + answer.statusCode() + " " + validated(answer.body(), bus));
        }
    }

    static byte[] signed(String[] call) throws Exception {
        String soap = call[1];
        X509Certificate certificate = certificate(call[3]);
        PrivateKey key = key(call[2], certificate.getPublicKey().getAlgorithm());
        Document document = document();
        Element envelope = document.createElementNS(soap, "soapenv:Envelope");
        envelope.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns:soapenv", soap);
        envelope.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
        envelope.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns:unused", "urn:unused");
        envelope.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns", "urn:default");
        document.appendChild(envelope);
        Element header = add(envelope, soap, "soapenv:Header");
        Element security = add(header, WSSE, "wsse:Security");
        security.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns:wsse", WSSE);
        security.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns:wsu", WSU);
        security.setAttributeNS(soap, "soapenv:mustUnderstand", soap.contains("2003/05") ? "true" : "1");
        String token = null;
        if (call[8].equals("token")) {
            Element binary = add(security, WSSE, "wsse:BinarySecurityToken");
            binary.setAttribute("EncodingType", BASE64);
            binary.setAttribute("ValueType", X509);
            token = name(binary);
            binary.setTextContent(Base64.getMimeEncoder().encodeToString(certificate.getEncoded()));
        }
        Element timestamp = add(security, WSU, "wsu:Timestamp");
        Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        add(timestamp, WSU, "wsu:Created").setTextContent(now.toString());
        add(timestamp, WSU, "wsu:Expires").setTextContent(now.plusSeconds(240).toString());
        Element body = add(envelope, soap, "soapenv:Body");
        Element question = add(body, "urn:example:person", "p:GetPerson");
        question.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns:p", "urn:example:person");
        add(question, "urn:example:person", "p:fin").setTextContent("5ABC123");

        C14NMethodParameterSpec prefixes =
                call[6].equals("-") ? null : new ExcC14NParameterSpec(Arrays.asList(call[6].split(",")));
        List<Transform> transforms = new ArrayList<>();
        if (call[7].equals("enveloped")) {
            transforms.add(SIGNATURES.newTransform(Transform.ENVELOPED, (TransformParameterSpec) null));
        }
        transforms.add(SIGNATURES.newTransform(CanonicalizationMethod.EXCLUSIVE, prefixes));
        DigestMethod digest = SIGNATURES.newDigestMethod(call[5], null);
        List<Reference> references = List.of(
                SIGNATURES.newReference("#" + name(body), digest, transforms, null, null),
                SIGNATURES.newReference("#" + name(timestamp), digest, transforms, null, null));
        SignatureMethodParameterSpec pss = null;
        if (call[4].endsWith("#rsa-pss")) {
            // With the parameters that are its defaults the JDK writes none at all.
            pss = new RSAPSSParameterSpec(call[5].endsWith("sha512")
                    ? new PSSParameterSpec("SHA-512", "MGF1", MGF1ParameterSpec.SHA512, 64, 1)
                    : new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
        }
        SignedInfo info = SIGNATURES.newSignedInfo(
                SIGNATURES.newCanonicalizationMethod(CanonicalizationMethod.EXCLUSIVE, prefixes),
                SIGNATURES.newSignatureMethod(call[4], pss),
                references);
        KeyInfo keyInfo = KEYS.newKeyInfo(List.of(keyInfo(document, call[8], certificate, token)));
        DOMSignContext context = new DOMSignContext(key, security);
        context.setDefaultNamespacePrefix("ds");
        context.setIdAttributeNS(body, WSU, "Id");
        context.setIdAttributeNS(timestamp, WSU, "Id");
        SIGNATURES.newXMLSignature(info, keyInfo, null, "SIG-" + UUID.randomUUID(), null).sign(context);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        TransformerFactory.newInstance().newTransformer().transform(new DOMSource(document), new StreamResult(out));
        return out.toByteArray();
    }

    static XMLStructure keyInfo(Document document, String form, X509Certificate certificate, String token)
            throws Exception {
        X509Data data = switch (form) {
            case "issuer-serial" -> KEYS.newX509Data(List.of(KEYS.newX509IssuerSerial(
                    certificate.getIssuerX500Principal().getName(), certificate.getSerialNumber())));
            case "issuer-serial-1779" -> KEYS.newX509Data(List.of(KEYS.newX509IssuerSerial(
                    certificate.getIssuerX500Principal().getName("RFC1779"), certificate.getSerialNumber())));
            case "certificate" -> KEYS.newX509Data(List.of(certificate));
            case "key-identifier" -> KEYS.newX509Data(List.of(keyIdentifier(certificate)));
            case "all" -> KEYS.newX509Data(List.of(
                    KEYS.newX509IssuerSerial(
                            certificate.getIssuerX500Principal().getName(), certificate.getSerialNumber()),
                    keyIdentifier(certificate),
                    certificate));
            default -> null;
        };
        if (data != null) {
            return data;
        }
        Element reference = document.createElementNS(WSSE, "wsse:SecurityTokenReference");
        reference.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns:wsse", WSSE);
        if (form.equals("token")) {
            Element direct = add(reference, WSSE, "wsse:Reference");
            direct.setAttribute("URI", "#" + token);
            direct.setAttribute("ValueType", X509);
        } else {
            Element identifier = add(reference, WSSE, "wsse:KeyIdentifier");
            identifier.setAttribute("EncodingType", BASE64);
            byte[] value = switch (form) {
                case "thumbprint" -> MessageDigest.getInstance("SHA-1").digest(certificate.getEncoded());
                case "ski" -> keyIdentifier(certificate);
                case "x509v3" -> certificate.getEncoded();
                default -> throw new IllegalArgumentException(form);
            };
            identifier.setAttribute(
                    "ValueType", form.equals("thumbprint") ? THUMBPRINT : form.equals("ski") ? SKI : X509);
            identifier.setTextContent(Base64.getEncoder().encodeToString(value));
        }
        return new DOMStructure(reference);
    }

    /** Validates the one signature of an answer; returns the names of what it covers, joined by commas. */
    static String validated(byte[] answer, X509Certificate bus) throws Exception {
        Document document = builder().newDocumentBuilder().parse(new ByteArrayInputStream(answer));
        NodeList signatures = document.getElementsByTagNameNS(XMLSignature.XMLNS, "Signature");
        if (signatures.getLength() != 1) {
            throw new IllegalStateException(signatures.getLength() + " signatures");
        }
        DOMValidateContext context = new DOMValidateContext(bus.getPublicKey(), signatures.item(0));
        context.setProperty("org.jcp.xml.dsig.secureValidation", Boolean.TRUE);
        List<Element> marked = new ArrayList<>();
        NodeList all = document.getElementsByTagName("*");
        for (int n = 0; n < all.getLength(); n++) {
            Element element = (Element) all.item(n);
            if (element.hasAttributeNS(WSU, "Id")) {
                context.setIdAttributeNS(element, WSU, "Id");
                marked.add(element);
            }
        }
        XMLSignature signature = SIGNATURES.unmarshalXMLSignature(context);
        if (!signature.validate(context)) {
            throw new IllegalStateException("the signature does not hold");
        }
        List<String> covered = new ArrayList<>();
        for (Object each : signature.getSignedInfo().getReferences()) {
            String id = ((Reference) each).getURI().substring(1);
            for (Element element : marked) {
                if (element.getAttributeNS(WSU, "Id").equals(id)) {
                    covered.add(element.getParentNode().getLocalName() + "/" + element.getLocalName());
                }
            }
        }
        return String.join(",", covered);
    }

    static byte[] keyIdentifier(X509Certificate certificate) {
        byte[] extension = certificate.getExtensionValue("2.5.29.14");
        return Arrays.copyOfRange(extension, 4, extension.length);
    }

    static Element add(Element parent, String namespace, String name) {
        Element element = parent.getOwnerDocument().createElementNS(namespace, name);
        parent.appendChild(element);
        return element;
    }

    static String name(Element element) {
        if (!element.hasAttributeNS(WSU, "Id")) {
            element.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns:wsu", WSU);
            element.setAttributeNS(WSU, "wsu:Id", "id-" + UUID.randomUUID());
        }
        return element.getAttributeNS(WSU, "Id");
    }

    static DocumentBuilderFactory builder() {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        return factory;
    }

    static Document document() throws Exception {
        return builder().newDocumentBuilder().newDocument();
    }

    static X509Certificate certificate(String path) throws Exception {
        try (var in = Files.newInputStream(Path.of(path))) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    static PrivateKey key(String path, String algorithm) throws Exception {
        String text = Files.readString(Path.of(path)).replaceAll("-----[A-Z ]+-----|\\s", "");
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text)));
    }
}

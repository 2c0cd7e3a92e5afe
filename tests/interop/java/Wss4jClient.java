import java.io.ByteArrayInputStream;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import javax.security.auth.callback.Callback;
import org.apache.wss4j.common.WSEncryptionPart;
import org.apache.wss4j.common.crypto.Crypto;
import org.apache.wss4j.common.crypto.Merlin;
import org.apache.wss4j.dom.WSConstants;
import org.apache.wss4j.dom.WSDataRef;
import org.apache.wss4j.dom.engine.WSSConfig;
import org.apache.wss4j.dom.engine.WSSecurityEngine;
import org.apache.wss4j.dom.engine.WSSecurityEngineResult;
import org.apache.wss4j.dom.handler.RequestData;
import org.apache.wss4j.dom.handler.WSHandlerResult;
import org.apache.wss4j.dom.message.WSSecHeader;
import org.apache.wss4j.dom.message.WSSecSignature;
import org.apache.wss4j.dom.message.WSSecTimestamp;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/**
 * Apache WSS4J: signs requests, and verifies answers with its Basic Security Profile rules enforced.
 *
 * <p>Arguments: URL, the bus's certificate, a folder, the authority's certificate. Each line of stdin is a call, in words:
 * name, SOAP namespace, key (PEM), certificate (PEM), signature algorithm, digest algorithm, form of key information, and
 * further parts to sign, joined by commas, or "-": "STRTransform" (the token through its reference), "Token" (the token
 * itself), local names of header blocks.
 */
public final class Wss4jClient {
    static final Map<String, Integer> FORMS = Map.of(
            "token", WSConstants.BST_DIRECT_REFERENCE,
            "path", WSConstants.BST_DIRECT_REFERENCE,
            "issuer-serial", WSConstants.ISSUER_SERIAL,
            "issuer-serial-quoted", WSConstants.ISSUER_SERIAL_QUOTE_FORMAT,
            "ski", WSConstants.SKI_KEY_IDENTIFIER,
            "x509v3", WSConstants.X509_KEY_IDENTIFIER,
            "thumbprint", WSConstants.THUMBPRINT_IDENTIFIER,
            "thumbprint-and-token", WSConstants.THUMBPRINT_IDENTIFIER);
    static final String QUESTION = "<soap:Envelope xmlns:soap='%s' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>"
            + "<soap:Header>%s</soap:Header><soap:Body><p:GetPerson xmlns:p='urn:example:person'>"
            + "<p:fin>5ABC123</p:fin></p:GetPerson></soap:Body></soap:Envelope>";
    static final String ADDRESSING = "<wsa:Action xmlns:wsa='http://www.w3.org/2005/08/addressing'>urn:example:GetPerson"
            + "</wsa:Action><wsa:MessageID xmlns:wsa='http://www.w3.org/2005/08/addressing'>urn:x:%s</wsa:MessageID>";

    public static void main(String[] arguments) throws Exception {
        WSSConfig.init();
        X509Certificate bus = Wire.certificate(arguments[1]);
        X509Certificate authority = Wire.certificate(arguments[3]);
        Wire wire = new Wire(arguments[0], arguments[2]);
        Scanner calls = new Scanner(System.in, "UTF-8");
        while (calls.hasNextLine()) {
            String[] call = calls.nextLine().split(" ");
            wire.call(call[0], call[1], signed(call, authority), answer -> validated(answer, bus, authority));
        }
    }

    static byte[] signed(String[] call, X509Certificate authority) throws Exception {
        String blocks = call[7].contains("MessageID") ? ADDRESSING.formatted(call[0]) : "";
        String question = QUESTION.formatted(call[1], blocks);
        Document document = Wire.builder().parse(new ByteArrayInputStream(question.getBytes("UTF-8")));
        WSSecHeader header = new WSSecHeader(document);
        header.insertSecurityHeader();
        WSSecTimestamp timestamp = new WSSecTimestamp(header);
        timestamp.setTimeToLive(240);
        timestamp.build();
        WSSecSignature signature = new WSSecSignature(header);
        signature.setUserInfo("member", "");
        signature.setKeyIdentifierType(FORMS.get(call[6]));
        signature.setUseSingleCertificate(!call[6].equals("path"));
        signature.setIncludeSignatureToken(call[6].equals("thumbprint-and-token"));
        signature.setSignatureAlgorithm(call[4]);
        signature.setDigestAlgo(call[5]);
        signature.getParts().add(new WSEncryptionPart("Body", call[1], ""));
        signature.getParts().add(new WSEncryptionPart("Timestamp", Wire.WSU, ""));
        for (String part : call[7].equals("-") ? new String[0] : call[7].split(",")) {
            if (part.equals("STRTransform")) {
                signature.getParts().add(new WSEncryptionPart("STRTransform", Wire.WSU, "Content"));
            } else if (!part.equals("Token")) {
                signature.getParts().add(new WSEncryptionPart(part, "http://www.w3.org/2005/08/addressing", ""));
            }
        }
        X509Certificate certificate = Wire.certificate(call[3]);
        PrivateKey key = Wire.key(call[2], certificate.getPublicKey().getAlgorithm());
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("member", key, new char[0], new Certificate[] {certificate, authority});
        Merlin crypto = new Merlin();
        crypto.setKeyStore(store);
        if (call[7].equals("Token")) {
            // As CXF protects a token for <sp:ProtectTokens/>.
            signature.prepare(crypto);
            signature.prependBSTElementToHeader();
            WSEncryptionPart token = new WSEncryptionPart(signature.getBSTTokenId());
            token.setElement(signature.getBinarySecurityTokenElement());
            signature.getParts().add(token);
            signature.computeSignature(signature.addReferencesToSign(signature.getParts()), false, null);
        } else {
            signature.build(crypto);
        }
        return Wire.octets(document);
    }

    static String validated(byte[] answer, X509Certificate bus, X509Certificate authority) throws Exception {
        Document document = Wire.builder().parse(new ByteArrayInputStream(answer));
        RequestData data = new RequestData();
        data.setWssConfig(WSSConfig.getNewInstance());
        data.setSigVerCrypto(trusting(authority));
        data.setDisableBSPEnforcement(false);
        data.setCallbackHandler((Callback[] callbacks) -> {});
        WSHandlerResult result = new WSSecurityEngine().processSecurityHeader(document, data);
        List<String> covered = new ArrayList<>();
        for (WSSecurityEngineResult signed : result.getActionResults().get(WSConstants.SIGN)) {
            if (!bus.equals(signed.get(WSSecurityEngineResult.TAG_X509_CERTIFICATE))) {
                throw new IllegalStateException("signed by another");
            }
            for (Object each : (List<?>) signed.get(WSSecurityEngineResult.TAG_DATA_REF_URIS)) {
                Element element = ((WSDataRef) each).getProtectedElement();
                covered.add(element.getParentNode().getLocalName() + "/" + element.getLocalName());
            }
        }
        if (!result.getActionResults().containsKey(WSConstants.TS)) {
            throw new IllegalStateException("no Timestamp was processed");
        }
        return String.join(",", covered);
    }

    static Crypto trusting(X509Certificate authority) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setCertificateEntry("authority", authority);
        Merlin crypto = new Merlin();
        crypto.setTrustStore(store);
        return crypto;
    }
}

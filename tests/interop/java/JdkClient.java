import java.io.ByteArrayInputStream;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.MGF1ParameterSpec;
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
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * WS-Security by nothing but the JDK: javax.xml.crypto.dsig signs, and validates the answer with secure validation on.
 *
 * <p>Arguments: URL, the bus's certificate (PEM), a folder. Each line of stdin is a call, in words: name, SOAP namespace,
 * key (PEM), certificate (PEM), signature algorithm, digest algorithm, prefixes joined by commas or "-", "enveloped" or
 * "-", form of key information.
 */
public final class JdkClient {
    static final XMLSignatureFactory SIGNATURES = XMLSignatureFactory.getInstance("DOM");
    static final KeyInfoFactory KEYS = SIGNATURES.getKeyInfoFactory();

    public static void main(String[] arguments) throws Exception {
        X509Certificate bus = Wire.certificate(arguments[1]);
        Wire wire = new Wire(arguments[0], arguments[2]);
        Scanner calls = new Scanner(System.in, "UTF-8");
        while (calls.hasNextLine()) {
            String[] call = calls.nextLine().split(" ");
            wire.call(call[0], call[1], signed(call), answer -> validated(answer, bus));
        }
    }

    static byte[] signed(String[] call) throws Exception {
        String soap = call[1];
        X509Certificate certificate = Wire.certificate(call[3]);
        PrivateKey key = Wire.key(call[2], certificate.getPublicKey().getAlgorithm());
        Document document = Wire.builder().newDocument();
        Element envelope = document.createElementNS(soap, "soapenv:Envelope");
        envelope.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns:soapenv", soap);
        envelope.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
        envelope.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns:unused", "urn:unused");
        envelope.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns", "urn:default");
        document.appendChild(envelope);
        Element header = add(envelope, soap, "soapenv:Header");
        Element security = add(header, Wire.WSSE, "wsse:Security");
        security.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns:wsse", Wire.WSSE);
        security.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns:wsu", Wire.WSU);
        security.setAttributeNS(soap, "soapenv:mustUnderstand", soap.contains("2003/05") ? "true" : "1");
        String token = null;
        if (call[8].equals("token")) {
            Element binary = add(security, Wire.WSSE, "wsse:BinarySecurityToken");
            binary.setAttribute("EncodingType", Wire.BASE64);
            binary.setAttribute("ValueType", Wire.X509);
            token = name(binary);
            binary.setTextContent(Base64.getMimeEncoder().encodeToString(certificate.getEncoded()));
        }
        Element timestamp = add(security, Wire.WSU, "wsu:Timestamp");
        Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        add(timestamp, Wire.WSU, "wsu:Created").setTextContent(now.toString());
        add(timestamp, Wire.WSU, "wsu:Expires").setTextContent(now.plusSeconds(240).toString());
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
        context.setIdAttributeNS(body, Wire.WSU, "Id");
        context.setIdAttributeNS(timestamp, Wire.WSU, "Id");
        SIGNATURES.newXMLSignature(info, keyInfo, null, "SIG-" + UUID.randomUUID(), null).sign(context);
        return Wire.octets(document);
    }

    static XMLStructure keyInfo(Document document, String form, X509Certificate certificate, String token)
            throws Exception {
        X509Data data = switch (form) {
            case "issuer-serial" -> KEYS.newX509Data(List.of(KEYS.newX509IssuerSerial(
                    certificate.getIssuerX500Principal().getName(), certificate.getSerialNumber())));
            case "issuer-serial-1779" -> KEYS.newX509Data(List.of(KEYS.newX509IssuerSerial(
                    certificate.getIssuerX500Principal().getName("RFC1779"), certificate.getSerialNumber())));
            case "certificate" -> KEYS.newX509Data(List.of(certificate));
            case "subject" -> KEYS.newX509Data(List.of(certificate.getSubjectX500Principal().getName(), certificate));
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
        Element reference = document.createElementNS(Wire.WSSE, "wsse:SecurityTokenReference");
        reference.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns:wsse", Wire.WSSE);
        if (form.equals("token")) {
            Element direct = add(reference, Wire.WSSE, "wsse:Reference");
            direct.setAttribute("URI", "#" + token);
            direct.setAttribute("ValueType", Wire.X509);
        } else {
            Element identifier = add(reference, Wire.WSSE, "wsse:KeyIdentifier");
            identifier.setAttribute("EncodingType", Wire.BASE64);
            byte[] value = switch (form) {
                case "thumbprint" -> MessageDigest.getInstance("SHA-1").digest(certificate.getEncoded());
                case "ski" -> keyIdentifier(certificate);
                case "x509v3" -> certificate.getEncoded();
                default -> throw new IllegalArgumentException(form);
            };
            identifier.setAttribute(
                    "ValueType", form.equals("thumbprint") ? Wire.THUMBPRINT : form.equals("ski") ? Wire.SKI : Wire.X509);
            identifier.setTextContent(Base64.getEncoder().encodeToString(value));
        }
        return new DOMStructure(reference);
    }

    /** Validates the one signature of an answer; returns the names of what it covers, joined by commas. */
    static String validated(byte[] answer, X509Certificate bus) throws Exception {
        Document document = Wire.builder().parse(new ByteArrayInputStream(answer));
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
            if (element.hasAttributeNS(Wire.WSU, "Id")) {
                context.setIdAttributeNS(element, Wire.WSU, "Id");
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
                if (element.getAttributeNS(Wire.WSU, "Id").equals(id)) {
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
        if (!element.hasAttributeNS(Wire.WSU, "Id")) {
            element.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns:wsu", Wire.WSU);
            element.setAttributeNS(Wire.WSU, "wsu:Id", "id-" + UUID.randomUUID());
        }
        return element.getAttributeNS(Wire.WSU, "Id");
    }
}

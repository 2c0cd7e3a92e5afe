import jakarta.xml.ws.Dispatch;
import jakarta.xml.ws.Service;
import jakarta.xml.ws.handler.MessageContext;
import jakarta.xml.ws.soap.SOAPFaultException;
import java.io.StringReader;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.CallbackHandler;
import javax.xml.namespace.QName;
import javax.xml.transform.Source;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.stream.StreamResult;
import javax.xml.transform.stream.StreamSource;
import org.apache.cxf.endpoint.Client;
import org.apache.cxf.jaxws.DispatchImpl;
import org.apache.cxf.ws.security.wss4j.WSS4JInInterceptor;
import org.apache.cxf.ws.security.wss4j.WSS4JOutInterceptor;
import org.apache.wss4j.common.crypto.Merlin;
import org.apache.wss4j.common.ext.WSPasswordCallback;
import org.apache.wss4j.dom.WSConstants;
import org.apache.wss4j.dom.WSDataRef;
import org.apache.wss4j.dom.engine.WSSecurityEngineResult;
import org.apache.wss4j.dom.handler.WSHandlerConstants;
import org.apache.wss4j.dom.handler.WSHandlerResult;
import org.w3c.dom.Element;

/**
 * Apache CXF on the published WSDL, its WS-Security configured as its users do: by actions, or by the WS-SecurityPolicy in
 * the WSDL.
 *
 * <p>Arguments: URL, the bus's certificate, a folder, the authority's certificate. Each line of stdin is a call, in words:
 * name, the query for the WSDL, SOAP namespace, the service's name, key (PEM), certificate (PEM), signature algorithm,
 * "actions" or "policy", a FIN.
 */
public final class CxfClient {
    static final String QUESTION = "<p:GetPerson xmlns:p='urn:example:person'><p:fin>%s</p:fin></p:GetPerson>";

    public static void main(String[] arguments) throws Exception {
        X509Certificate authority = Wire.certificate(arguments[3]);
        Scanner calls = new Scanner(System.in, "UTF-8");
        while (calls.hasNextLine()) {
            String[] call = calls.nextLine().split(" ");
            Path folder = Path.of(arguments[2]);
            Files.createFile(folder.resolve(call[0] + ".sent"));
            URI wsdl = URI.create(arguments[0] + "?" + call[1]);
            Service service = Service.create(wsdl.toURL(), QName.valueOf(call[3]));
            QName port = service.getPorts().next();
            Dispatch<Source> dispatch = service.createDispatch(port, Source.class, Service.Mode.PAYLOAD);
            Map<String, Object> context = dispatch.getRequestContext();
            context.put(MessageContext.WSDL_OPERATION, new QName(port.getNamespaceURI(), "GetPerson"));
            // CXF takes a fault on 400, where SOAP 1.2 puts a Sender's, for no SOAP at all unless told so.
            context.put("org.apache.cxf.transport.process_fault_on_http_400", "true");
            Merlin crypto = crypto(call, authority);
            if (call[7].equals("policy")) {
                context.put("security.signature.crypto", crypto);
                context.put("security.signature.username", "member");
                context.put("security.encryption.crypto", crypto);
                context.put("security.callback-handler", password());
                context.put("ws-security.asymmetric.signature.algorithm", call[6]);
            } else {
                actions(((DispatchImpl<Source>) dispatch).getClient(), call, crypto);
            }
            StringWriter answer = new StringWriter();
            String said;
            try {
                Source content = dispatch.invoke(new StreamSource(new StringReader(QUESTION.formatted(call[8]))));
                TransformerFactory.newInstance().newTransformer().transform(content, new StreamResult(answer));
                said = "200 " + covered((List<?>) dispatch.getResponseContext().get(WSHandlerConstants.RECV_RESULTS));
            } catch (SOAPFaultException fault) {
                answer.write(fault.getFault().getFaultCode() + "|" + fault.getMessage());
                if (fault.getFault().getDetail() != null) {
                    answer.write("|" + fault.getFault().getDetail().getElementsByTagNameNS("*", "code").item(0).getTextContent());
                }
                said = "500 -";
            }
            Files.writeString(folder.resolve(call[0] + ".answer"), answer.toString());
            System.out.println(call[0] + " " + said);
        }
    }

    /** Interceptors with actions, as a Spring or Blueprint file of a CXF client has them. */
    static void actions(Client client, String[] call, Merlin crypto) {
        Map<String, Object> out = new HashMap<>();
        out.put(WSHandlerConstants.ACTION, "Timestamp Signature");
        out.put(WSHandlerConstants.SIGNATURE_USER, "member");
        out.put(WSHandlerConstants.PW_CALLBACK_REF, password());
        out.put(WSHandlerConstants.SIG_PROP_REF_ID, "crypto");
        out.put("crypto", crypto);
        out.put(WSHandlerConstants.SIG_KEY_ID, "DirectReference");
        out.put(WSHandlerConstants.SIG_ALGO, call[6]);
        out.put(WSHandlerConstants.SIG_DIGEST_ALGO, "http://www.w3.org/2001/04/xmlenc#sha256");
        out.put(WSHandlerConstants.SIGNATURE_PARTS, "{}{" + call[2] + "}Body;{}{" + Wire.WSU + "}Timestamp");
        client.getOutInterceptors().add(new WSS4JOutInterceptor(out));
        Map<String, Object> in = new HashMap<>();
        in.put(WSHandlerConstants.ACTION, "Timestamp Signature");
        in.put(WSHandlerConstants.SIG_VER_PROP_REF_ID, "crypto");
        in.put("crypto", crypto);
        WSS4JInInterceptor verify = new WSS4JInInterceptor(in);
        client.getInInterceptors().add(verify);
        client.getInFaultInterceptors().add(verify);
    }

    static Merlin crypto(String[] call, X509Certificate authority) throws Exception {
        X509Certificate certificate = Wire.certificate(call[5]);
        PrivateKey key = Wire.key(call[4], certificate.getPublicKey().getAlgorithm());
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("member", key, "x".toCharArray(), new Certificate[] {certificate, authority});
        store.setCertificateEntry("authority", authority);
        Merlin crypto = new Merlin();
        crypto.setKeyStore(store);
        crypto.setTrustStore(store);
        return crypto;
    }

    static CallbackHandler password() {
        return (Callback[] callbacks) -> {
            for (Callback callback : callbacks) {
                ((WSPasswordCallback) callback).setPassword("x");
            }
        };
    }

    /** What CXF found signed in the answer. */
    static String covered(List<?> results) {
        List<String> covered = new ArrayList<>();
        for (Object result : results) {
            for (WSSecurityEngineResult signed : ((WSHandlerResult) result).getActionResults().get(WSConstants.SIGN)) {
                for (Object each : (List<?>) signed.get(WSSecurityEngineResult.TAG_DATA_REF_URIS)) {
                    Element element = ((WSDataRef) each).getProtectedElement();
                    covered.add(element.getParentNode().getLocalName() + "/" + element.getLocalName());
                }
            }
        }
        return String.join(",", covered);
    }
}

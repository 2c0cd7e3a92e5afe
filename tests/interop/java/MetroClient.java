import jakarta.xml.ws.Dispatch;
import jakarta.xml.ws.Service;
import jakarta.xml.ws.soap.SOAPFaultException;
import java.io.StringReader;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Scanner;
import javax.xml.namespace.QName;
import javax.xml.transform.Source;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.stream.StreamResult;
import javax.xml.transform.stream.StreamSource;

/**
 * Metro on the WS-SecurityPolicy of the published WSDL: it signs by itself, and takes no answer that does not keep to the
 * policy. Its keys are named by META-INF/wsit-client.xml on the class path.
 *
 * <p>Arguments: URL, the bus's certificate, a folder. Each line of stdin is a call, in words: name, the query for the WSDL,
 * the service's name, a FIN.
 */
public final class MetroClient {
    static final String QUESTION = "<p:GetPerson xmlns:p='urn:example:person'><p:fin>%s</p:fin></p:GetPerson>";

    public static void main(String[] arguments) throws Exception {
        Scanner calls = new Scanner(System.in, "UTF-8");
        while (calls.hasNextLine()) {
            String[] call = calls.nextLine().split(" ");
            Path folder = Path.of(arguments[2]);
            Files.createFile(folder.resolve(call[0] + ".sent"));
            Service service = Service.create(URI.create(arguments[0] + "?" + call[1]).toURL(), QName.valueOf(call[2]));
            QName port = service.getPorts().next();
            Dispatch<Source> dispatch = service.createDispatch(port, Source.class, Service.Mode.PAYLOAD);
            Map<String, Object> context = dispatch.getRequestContext();
            context.put(Dispatch.SOAPACTION_USE_PROPERTY, true);
            context.put(Dispatch.SOAPACTION_URI_PROPERTY, "urn:example:GetPerson");
            StringWriter answer = new StringWriter();
            String status = "200";
            try {
                Source content = dispatch.invoke(new StreamSource(new StringReader(QUESTION.formatted(call[3]))));
                TransformerFactory.newInstance().newTransformer().transform(content, new StreamResult(answer));
            } catch (SOAPFaultException fault) {
                status = "500";
                String code = fault.getFault().getDetail().getElementsByTagNameNS("*", "code").item(0).getTextContent();
                answer.write(fault.getFault().getFaultCode() + "|" + fault.getFault().getFaultString() + "|" + code);
            }
            Files.writeString(folder.resolve(call[0] + ".answer"), answer.toString());
            System.out.println(call[0] + " " + status + " -");
        }
    }
}

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Security.Cryptography.Xml;
using System.Text;
using System.Web.Services.Protocols;
using System.Xml;

/// <summary>
/// The generated proxy, with a SOAP extension that signs requests and verifies answers by System.Security.Cryptography.Xml.
/// Arguments: PFX (password "x"), the bus's certificate, a folder; then calls: forms of writing the signature.
/// Says of each on stdout, in two lines: the surname, or the fault's code, "|", its reason, "|" and the bus's code; what
/// the answer's signature covers. Leaves FORM.sent and FORM.received in the folder.
/// </summary>
static class Client
{
    static int Main(string[] arguments)
    {
        Console.OutputEncoding = new UTF8Encoding(false);
        Security.Certificate = new X509Certificate2(arguments[0], "x");
        Security.Bus = new X509Certificate2(arguments[1]);
        foreach (var form in arguments.Skip(3))
        {
            Security.Form = form;
            Security.Covered = "-";
            var proxy = new Persons.Persons();
            Security.Address = proxy.Url;
            try
            {
                Console.WriteLine(proxy.GetPerson("5ABC123", form, null).surname);
            }
            catch (SoapException fault)
            {
                var code = fault.SubCode != null && fault.SubCode.Code != null ? fault.SubCode.Code : fault.Code;
                Console.WriteLine(code.Name + "|" + fault.Message + "|" + fault.Detail.SelectSingleNode("//*[local-name()='code']").InnerText);
            }
            Console.WriteLine(Security.Covered);
            File.WriteAllBytes(Path.Combine(arguments[2], form + ".sent"), Security.Sent);
            File.WriteAllBytes(Path.Combine(arguments[2], form + ".received"), Security.Received);
        }
        return 0;
    }
}

/// <summary>SignedXml that finds parts by their wsu:Id, as WS-Security names them.</summary>
public class WsuSignedXml : SignedXml
{
    readonly XmlDocument document;

    public WsuSignedXml(XmlDocument document) : base(document)
    {
        this.document = document;
    }

    public override XmlElement GetIdElement(XmlDocument ignored, string id)
    {
        var found = document.SelectNodes("//*[@*[local-name()='Id' and namespace-uri()='" + Names.WSU + "']='" + id + "']");
        return found.Count == 1 ? (XmlElement) found[0] : null;
    }
}

static class Names
{
    public const string WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
    public const string WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
    public const string Profile = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#";
    public const string Thumbprint = "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1";
    public const string Base64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary";
    public const string WSA = "http://www.w3.org/2005/08/addressing";
    public const string WSA2004 = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
}

/// <summary>Signs what goes out and verifies what comes in, between the proxy and the wire.</summary>
public class Security : SoapExtension
{
    public static X509Certificate2 Certificate, Bus;
    public static string Form, Address, Covered;
    public static byte[] Sent, Received;
    static readonly Dictionary<string, string> DigestMethods = new Dictionary<string, string>
    {
        { "sha1", SignedXml.XmlDsigSHA1Url }, { "sha256", SignedXml.XmlDsigSHA256Url }, { "sha512", SignedXml.XmlDsigSHA512Url }
    };
    static readonly Dictionary<string, string> SignatureMethods = new Dictionary<string, string>
    {
        { "sha1", SignedXml.XmlDsigRSASHA1Url }, { "sha256", SignedXml.XmlDsigRSASHA256Url }, { "sha512", SignedXml.XmlDsigRSASHA512Url }
    };
    Stream wire, local;

    public override object GetInitializer(Type type) { return null; }
    public override object GetInitializer(LogicalMethodInfo method, SoapExtensionAttribute attribute) { return null; }
    public override void Initialize(object initializer) { }

    public override Stream ChainStream(Stream stream)
    {
        wire = stream;
        return local = new MemoryStream();
    }

    public override void ProcessMessage(SoapMessage message)
    {
        if (message.Stage == SoapMessageStage.BeforeSerialize && Form == "utf-16")
        {
            message.ContentType = message.ContentType.Replace("utf-8", "utf-16");
        }
        else if (message.Stage == SoapMessageStage.AfterSerialize)
        {
            Sent = Signed(((MemoryStream) local).ToArray());
            wire.Write(Sent, 0, Sent.Length);
        }
        else if (message.Stage == SoapMessageStage.BeforeDeserialize)
        {
            var copy = new MemoryStream();
            wire.CopyTo(copy);
            Received = copy.ToArray();
            Covered = Verified(Received);
            local.Write(Received, 0, Received.Length);
            local.Position = 0;
        }
    }

    static byte[] Signed(byte[] octets)
    {
        var document = new XmlDocument { PreserveWhitespace = true };
        document.Load(new MemoryStream(octets));
        var envelope = document.DocumentElement;
        var soap = envelope.NamespaceURI;
        var body = envelope.ChildNodes.OfType<XmlElement>().Single(e => e.LocalName == "Body");
        // WCF's prefixes: s comes from the serializer, o and u are declared here.
        var wcf = Form.StartsWith("wcf");
        string o = wcf ? "o" : "wsse", u = wcf ? "u" : "wsu";
        envelope.SetAttribute("xmlns:" + u, Names.WSU);
        var header = envelope.ChildNodes.OfType<XmlElement>().SingleOrDefault(e => e.LocalName == "Header")
            ?? (XmlElement) envelope.InsertBefore(document.CreateElement(envelope.Prefix, "Header", soap), body);
        var parts = new List<XmlElement>();
        if (wcf || Form == "wse")
        {
            Addressing(document, header, wcf ? "a" : "wsa", wcf ? Names.WSA : Names.WSA2004, envelope.Prefix, parts);
        }
        var security = document.CreateElement(o, "Security", Names.WSSE);
        Attribute(security, envelope.Prefix, "mustUnderstand", soap, "1");
        header.AppendChild(security);
        var timestamp = Add(security, u, "Timestamp", Names.WSU, null);
        var now = DateTime.UtcNow;
        Add(timestamp, u, "Created", Names.WSU, now.ToString("yyyy-MM-ddTHH:mm:ss.fffZ"));
        Add(timestamp, u, "Expires", Names.WSU, now.AddMinutes(4).ToString("yyyy-MM-ddTHH:mm:ss.fffZ"));
        parts.Insert(0, timestamp);
        parts.Insert(0, body);
        var signing = new WsuSignedXml(document) { SigningKey = Certificate.GetRSAPrivateKey() };
        var reference = document.CreateElement(o, "SecurityTokenReference", Names.WSSE);
        switch (Form)
        {
            case "issuer-serial":
                var data = Add(Add(reference, null, "X509Data", SignedXml.XmlDsigNamespaceUrl, null), null, "X509IssuerSerial", SignedXml.XmlDsigNamespaceUrl, null);
                Add(data, null, "X509IssuerName", SignedXml.XmlDsigNamespaceUrl, Certificate.Issuer);
                Add(data, null, "X509SerialNumber", SignedXml.XmlDsigNamespaceUrl, System.Numerics.BigInteger.Parse("0" + Certificate.SerialNumber, System.Globalization.NumberStyles.HexNumber).ToString());
                break;
            case "wcf-thumbprint":
                var identifier = Add(reference, o, "KeyIdentifier", Names.WSSE, Convert.ToBase64String(Certificate.GetCertHash()));
                identifier.SetAttribute("ValueType", Names.Thumbprint);
                break;
            case "ski":
                var ski = ((X509SubjectKeyIdentifierExtension) Certificate.Extensions["2.5.29.14"]).SubjectKeyIdentifier;
                var value = Enumerable.Range(0, ski.Length / 2).Select(n => Convert.ToByte(ski.Substring(2 * n, 2), 16)).ToArray();
                identifier = Add(reference, o, "KeyIdentifier", Names.WSSE, Convert.ToBase64String(value));
                identifier.SetAttribute("ValueType", Names.Profile + "X509SubjectKeyIdentifier");
                identifier.SetAttribute("EncodingType", Names.Base64);
                break;
            default:
                var token = Add(security, o, "BinarySecurityToken", Names.WSSE, Convert.ToBase64String(Certificate.RawData));
                token.SetAttribute("ValueType", Names.Profile + "X509v3");
                if (!wcf)
                {
                    token.SetAttribute("EncodingType", Names.Base64);
                }
                Attribute(token, u, "Id", Names.WSU, "uuid-" + Guid.NewGuid() + "-2");
                var direct = Add(reference, o, "Reference", Names.WSSE, null);
                direct.SetAttribute("ValueType", Names.Profile + "X509v3");
                direct.SetAttribute("URI", "#" + token.GetAttribute("Id", Names.WSU));
                if (Form == "wcf-protected")
                {
                    parts.Add(token);
                }
                break;
        }
        var number = 0;
        foreach (var part in parts)
        {
            if (part.GetAttribute("Id", Names.WSU) == "")
            {
                Attribute(part, u, "Id", Names.WSU, part == timestamp ? "uuid-" + Guid.NewGuid() + "-1" : "_" + number++);
            }
            var id = part.GetAttribute("Id", Names.WSU);
            var each = new Reference("#" + id) { DigestMethod = DigestMethods[Form == "sha1" || Form == "sha512" ? Form : "sha256"] };
            each.AddTransform(Form == "wse" ? new XmlDsigExcC14NTransform("soap xsi") : new XmlDsigExcC14NTransform());
            signing.AddReference(each);
        }
        signing.SignedInfo.CanonicalizationMethod = SignedXml.XmlDsigExcC14NTransformUrl;
        signing.SignedInfo.SignatureMethod = SignatureMethods[Form == "sha1" || Form == "sha512" ? Form : "sha256"];
        signing.KeyInfo.AddClause(new KeyInfoNode(reference));
        signing.ComputeSignature();
        security.AppendChild(document.ImportNode(signing.GetXml(), true));
        var encoding = Form == "utf-16" ? Encoding.Unicode : (Encoding) new UTF8Encoding(Form == "mark");
        if (document.FirstChild is XmlDeclaration)
        {
            document.RemoveChild(document.FirstChild);
        }
        var stream = new MemoryStream();
        using (var writer = new StreamWriter(stream, encoding))
        {
            writer.Write(document.OuterXml);
        }
        return stream.ToArray();
    }

    /// <summary>The addressing headers of WCF (2005/08), with its diagnostics header between; or those of WSE 3.0.</summary>
    static void Addressing(XmlDocument document, XmlElement header, string a, string wsa, string soap, List<XmlElement> parts)
    {
        document.DocumentElement.SetAttribute("xmlns:" + a, wsa);
        var action = Add(header, a, "Action", wsa, "urn:example:GetPerson");
        var id = Add(header, a, "MessageID", wsa, "urn:uuid:" + Guid.NewGuid());
        var replyTo = Add(header, a, "ReplyTo", wsa, null);
        Add(replyTo, a, "Address", wsa, wsa == Names.WSA ? wsa + "/anonymous" : wsa + "/role/anonymous");
        if (wsa == Names.WSA)
        {
            var activity = Add(header, null, "ActivityId", "http://schemas.microsoft.com/2004/09/ServiceModel/Diagnostics", Guid.NewGuid().ToString());
            activity.SetAttribute("CorrelationId", Guid.NewGuid().ToString());
        }
        var to = Add(header, a, "To", wsa, Address);
        foreach (var block in new[] { action, to })
        {
            Attribute(block, soap, "mustUnderstand", header.NamespaceURI, "1");
        }
        parts.AddRange(new[] { action, id, replyTo, to });
    }

    static string Verified(byte[] octets)
    {
        var document = new XmlDocument { PreserveWhitespace = true };
        document.Load(new MemoryStream(octets));
        var names = new XmlNamespaceManager(document.NameTable);
        names.AddNamespace("wsse", Names.WSSE);
        names.AddNamespace("ds", SignedXml.XmlDsigNamespaceUrl);
        var signature = (XmlElement) document.SelectNodes("/*/*/wsse:Security/ds:Signature", names).Cast<XmlElement>().Single();
        var token = Convert.FromBase64String(signature.ParentNode.SelectSingleNode("wsse:BinarySecurityToken", names).InnerText);
        if (!token.SequenceEqual(Bus.RawData))
        {
            throw new InvalidOperationException("signed with another certificate than the bus's");
        }
        var signed = new WsuSignedXml(document);
        signed.LoadXml(signature);
        if (!signed.CheckSignature(Bus.GetRSAPublicKey()))
        {
            throw new InvalidOperationException("the signature does not hold");
        }
        return string.Join(",", signed.SignedInfo.References.Cast<Reference>().Select(each =>
        {
            var part = signed.GetIdElement(document, each.Uri.Substring(1));
            return part.ParentNode.LocalName + "/" + part.LocalName;
        }));
    }

    static XmlElement Add(XmlElement parent, string prefix, string name, string space, string text)
    {
        var made = parent.OwnerDocument.CreateElement(prefix, name, space);
        if (text != null)
        {
            made.InnerText = text;
        }
        parent.AppendChild(made);
        return made;
    }

    static void Attribute(XmlElement element, string prefix, string name, string space, string value)
    {
        var made = element.OwnerDocument.CreateAttribute(prefix, name, space);
        made.Value = value;
        element.SetAttributeNode(made);
    }
}

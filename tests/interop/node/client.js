// One call by node-soap: reads what to do as JSON from stdin, writes what came of it as JSON to stdout.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const soap = require('soap');
const { DOMParser } = require('@xmldom/xmldom');
const { SignedXml } = require('xml-crypto');

const WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const DS = 'http://www.w3.org/2000/09/xmldsig#';

/** ECDSA, which xml-crypto leaves to its users; XML Signature writes r and s side by side (IEEE P1363). */
class EcdsaSha256 {
  verifySignature(material, certificate, value) {
    return crypto.verify('sha256', Buffer.from(material), { key: certificate, dsaEncoding: 'ieee-p1363' }, Buffer.from(value, 'base64'));
  }
  getAlgorithmName() {
    return 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256';
  }
}

/** The local names of what the bus signed, found through xml-crypto's own signed references. */
function verify(xml, certificate) {
  const document = new DOMParser().parseFromString(xml, 'text/xml');
  const signatures = document.getElementsByTagNameNS(DS, 'Signature');
  if (signatures.length !== 1) throw new Error(`${signatures.length} signatures`);
  const parent = signatures[0].parentNode;
  if (parent.namespaceURI !== WSSE || parent.localName !== 'Security') throw new Error('not in wsse:Security');
  const signed = new SignedXml({ idMode: 'wssecurity', publicCert: certificate });
  signed.SignatureAlgorithms['http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256'] = EcdsaSha256;
  signed.loadSignature(signatures[0]);
  if (!signed.checkSignature(xml)) throw new Error('the signature does not hold');
  return signed
    .getSignedReferences()
    .map((octets) => new DOMParser().parseFromString(octets, 'text/xml').documentElement)
    .map((element) => ({ name: element.localName, namespace: element.namespaceURI, text: element.textContent }));
}

async function main() {
  const task = JSON.parse(fs.readFileSync(0, 'utf8'));
  const client = await soap.createClientAsync(task.wsdl, { forceSoap12Headers: task.soap12 });
  for (const header of task.headers) client.addSoapHeader(header);
  if (task.key) {
    const key = fs.readFileSync(task.key, 'utf8');
    const security = new soap.WSSecurityCert(key, fs.readFileSync(task.certificate, 'utf8'), '', task.options);
    client.setSecurity(security);
  }
  const out = { calls: [] };
  for (let n = 0; n < task.times; n++) {
    const call = {};
    try {
      [call.result] = await client[`${task.operation}Async`](task.arguments);
    } catch (error) {
      call.error = String(error.message);
      call.fault = error.root && error.root.Envelope.Body.Fault;
    }
    call.sent = client.lastRequest;
    call.received = client.lastResponse;
    if (call.received) call.signed = verify(call.received, fs.readFileSync(task.bus, 'utf8'));
    out.calls.push(call);
  }
  process.stdout.write(JSON.stringify(out));
}

main().catch((error) => {
  process.stderr.write(String(error.stack));
  process.exitCode = 1;
});

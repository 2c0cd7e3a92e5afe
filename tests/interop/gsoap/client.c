/* gSOAP with its wsse and wsa plugins.

   Arguments: key, certificate, the bus's certificate, the authority's certificate (PEM files), the address; then calls, each a word of
   options joined by commas, which also goes along as a remark, so that no two messages are one. Writes three lines of each
   call: the surname, or the fault's code and reason; the fault's detail; whether the answer verified. */
#include <openssl/ecdsa.h>
#include <stdio.h>
#include <string.h>

#ifdef SOAP12
#include "PersonsSoap12.nsmap"
#define ENVELOPE "http://www.w3.org/2003/05/soap-envelope"
#else
#include "PersonsSoap11.nsmap"
#define ENVELOPE "http://schemas.xmlsoap.org/soap/envelope/"
#endif
#include "soapH.h"
#include "wsaapi.h"
#include "wsseapi.h"

static X509 *certificate(const char *path) {
    FILE *file = fopen(path, "r");
    X509 *found = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    return found;
}

/* XML Signature writes an ECDSA value as r and s side by side (1.1, section 6.4.3). gSOAP hands it to OpenSSL as it is,
   which wants DER. */
static void ecdsa_as_der(struct soap *soap) {
    ds__SignatureType *signature = soap_wsse_Signature(soap);
    int size;
    const unsigned char *octets = (const unsigned char *)soap_base642s(soap, signature->SignatureValue, NULL, 0, &size);
    ECDSA_SIG *pair = ECDSA_SIG_new();
    unsigned char *der = NULL;
    ECDSA_SIG_set0(pair, BN_bin2bn(octets, size / 2, NULL), BN_bin2bn(octets + size / 2, size / 2, NULL));
    size = i2d_ECDSA_SIG(pair, &der);
    signature->SignatureValue = soap_s2base64(soap, der, NULL, size);
    ECDSA_SIG_free(pair);
    OPENSSL_free(der);
}

/* soap_wsse_verify_body counts a Body that follows a signed header block twice, and wants it once: so it is not asked. */
static int covers(struct soap *soap, const char *namespace, const char *name) {
    return soap_wsse_verify_element(soap, namespace, name) > 0;
}

static int verified(struct soap *soap, X509 *bus) {
    X509 *theirs = soap_wsse_get_KeyInfo_SecurityTokenReferenceX509(soap); /* a path to soap->cafile was found */
    EVP_PKEY *key = X509_get_pubkey(bus);
    int algorithm, bits;
    if (!theirs || X509_cmp(theirs, bus) || soap_wsse_get_SignedInfo_SignatureMethod(soap, &algorithm, &bits)) {
        return 0;
    }
    if (EVP_PKEY_base_id(key) == EVP_PKEY_EC) {
        ecdsa_as_der(soap);
    }
    return !soap_wsse_verify_Timestamp(soap) && !soap_wsse_verify_SignatureValue(soap, algorithm, key, 0)
        && !soap_wsse_verify_SignedInfo(soap) && covers(soap, ENVELOPE, "Body") && covers(soap, "urn:shluz:exchange:1", "Receipt");
}

static void call(char **files, EVP_PKEY *key, const char *options) {
    struct soap *soap = soap_new1(SOAP_C_UTFSTRING | SOAP_XML_CANONICAL);
    X509 *mine = certificate(files[1]), *bus = certificate(files[2]);
    struct _ns2__GetPerson question = {.fin = "5ABC123", .remark = (char *)options};
    struct _ns2__GetPersonResponse answer = {0};
    soap->cafile = files[3];
    soap_register_plugin(soap, soap_wsse);
    soap_register_plugin(soap, soap_wsa);
    if (strstr(options, "indent")) soap_set_omode(soap, SOAP_XML_INDENT);
    if (strstr(options, "chunk")) soap_set_omode(soap, SOAP_IO_CHUNK);
    if (strstr(options, "prefixes")) soap_wsse_set_InclusiveNamespaces(soap, "SOAP-ENV ns2");
    if (strstr(options, "addressing")) {
        soap_wsa_request(soap, NULL, files[4], "urn:example:GetPerson");
        soap_wsse_set_wsu_id(soap, strstr(options, "careless") ? "" : "wsa5:Action wsa5:MessageID wsa5:To wsa5:ReplyTo");
    }
    if (!strstr(options, "unsigned")) {
        soap_wsse_add_Timestamp(soap, "Time", 240);
        soap_wsse_add_BinarySecurityTokenX509(soap, "X509Token", mine);
        soap_wsse_add_KeyInfo_SecurityTokenReferenceX509(soap, "#X509Token");
        soap_wsse_sign_body(soap, strstr(options, "sha512") ? SOAP_SMD_SIGN_RSA_SHA512 : SOAP_SMD_SIGN_RSA_SHA256, key, 0);
    }
    soap_wsse_verify_init(soap);
    if (soap_call___ns1__GetPerson(soap, files[4], NULL, &question, &answer)) {
        soap_set_fault(soap);
        const char *subcode = soap_fault_subcode(soap);
        printf("%s %s\n%s\n", subcode ? subcode : *soap_faultcode(soap), *soap_faultstring(soap), soap_fault_detail(soap));
    } else {
        printf("%s\n\n", answer.person->surname);
    }
    puts(verified(soap, bus) ? "verified" : "not verified");
}

int main(int count, char **words) {
    FILE *file = fopen(words[1], "r");
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    for (int n = 6; n < count; n++) {
        call(words + 1, key, words[n]);
    }
    return 0;
}

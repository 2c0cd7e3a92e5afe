/* What wsdl2h made of the WSDL, with WS-Security, WS-Addressing and the header that the bus puts into its answers.
   gSOAP verifies a signed header block only if it knows it: of a block that it skips it digests the content alone. */
#import "wsse.h"
#import "wsa5.h"
#import "persons.h"
//gsoap exch schema namespace: urn:shluz:exchange:1
//gsoap exch schema elementForm: qualified
struct exch__Record { char *id; char *leaf; };
struct _exch__Receipt {
    @char *wsu__Id;
    char *exchange;
    char *requestDigest;
    struct exch__Record *requestRecord;
    struct exch__Record *answerRecord;
    char *receivedAt;
    char *answeredAt;
};
mutable struct SOAP_ENV__Header { struct _exch__Receipt *exch__Receipt; };

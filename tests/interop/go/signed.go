package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"math/big"
	"net/http"
	"strings"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

const (
	wsse      = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	wsu       = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	profile   = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
	binary    = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
	exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
	more      = "http://www.w3.org/2001/04/xmldsig-more#"
)

// signedClient is an HTTP client that signs the envelope of each request and verifies that of each answer.
type signedClient struct {
	pair     tls.Certificate
	bus      *x509.Certificate
	unsigned bool
	covered  []string
}

func (c *signedClient) Do(request *http.Request) (*http.Response, error) {
	sent, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	if !c.unsigned {
		if sent, err = c.sign(sent); err != nil {
			return nil, err
		}
	}
	request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(sent)), int64(len(sent))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	received, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if c.covered, err = c.verify(received); err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(received))
	// gowsdl looks for a fault in an answer on 200 only, and gives any other up unread.
	response.StatusCode = http.StatusOK
	return response, nil
}

func (c *signedClient) sign(octets []byte) ([]byte, error) {
	document := etree.NewDocument()
	if err := document.ReadFromBytes(octets); err != nil {
		return nil, err
	}
	envelope := document.Root()
	body := envelope.SelectElement("Body")
	header := envelope.SelectElement("Header")
	if header == nil {
		header = etree.NewElement("Header")
		header.Space = envelope.Space
		envelope.InsertChildAt(body.Index(), header)
	}
	security := header.CreateElement("wsse:Security")
	security.CreateAttr("xmlns:wsse", wsse)
	security.CreateAttr("xmlns:wsu", wsu)
	security.CreateAttr(envelope.Space+":mustUnderstand", "1")
	timestamp := security.CreateElement("wsu:Timestamp")
	timestamp.CreateAttr("wsu:Id", "time")
	now := time.Now().UTC()
	timestamp.CreateElement("wsu:Created").SetText(now.Format(time.RFC3339Nano))
	timestamp.CreateElement("wsu:Expires").SetText(now.Add(4 * time.Minute).Format(time.RFC3339Nano))
	body.CreateAttr("xmlns:wsu", wsu)
	body.CreateAttr("wsu:Id", "body")
	token := security.CreateElement("wsse:BinarySecurityToken")
	token.CreateAttr("wsu:Id", "token")
	token.CreateAttr("ValueType", profile)
	token.CreateAttr("EncodingType", binary)
	token.SetText(base64.StdEncoding.EncodeToString(c.pair.Certificate[0]))

	signature := security.CreateElement("ds:Signature")
	signature.CreateAttr("xmlns:ds", dsig.Namespace)
	info := signature.CreateElement("ds:SignedInfo")
	info.CreateElement("ds:CanonicalizationMethod").CreateAttr("Algorithm", exclusive)
	algorithm := more + "rsa-sha256"
	if _, ok := c.pair.PrivateKey.(*ecdsa.PrivateKey); ok {
		algorithm = more + "ecdsa-sha256"
	}
	info.CreateElement("ds:SignatureMethod").CreateAttr("Algorithm", algorithm)
	for id, part := range map[string]*etree.Element{"body": body, "time": timestamp} {
		octets, err := canonical(part, "")
		if err != nil {
			return nil, err
		}
		digest := sha256.Sum256(octets)
		reference := info.CreateElement("ds:Reference")
		reference.CreateAttr("URI", "#"+id)
		reference.CreateElement("ds:Transforms").CreateElement("ds:Transform").CreateAttr("Algorithm", exclusive)
		reference.CreateElement("ds:DigestMethod").CreateAttr("Algorithm", "http://www.w3.org/2001/04/xmlenc#sha256")
		reference.CreateElement("ds:DigestValue").SetText(base64.StdEncoding.EncodeToString(digest[:]))
	}
	octets, err := canonical(info, "")
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(octets)
	var value []byte
	switch key := c.pair.PrivateKey.(type) {
	case *rsa.PrivateKey:
		if value, err = rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:]); err != nil {
			return nil, err
		}
	case *ecdsa.PrivateKey:
		// r and s side by side, each as long as the curve's field (XML Signature 1.1, section 6.4.3).
		r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
		if err != nil {
			return nil, err
		}
		size := (key.Curve.Params().BitSize + 7) / 8
		value = append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
	}
	signature.CreateElement("ds:SignatureValue").SetText(base64.StdEncoding.EncodeToString(value))
	named := signature.CreateElement("ds:KeyInfo").CreateElement("wsse:SecurityTokenReference")
	direct := named.CreateElement("wsse:Reference")
	direct.CreateAttr("URI", "#token")
	direct.CreateAttr("ValueType", profile)
	return document.WriteToBytes()
}

// verify returns what the bus's signature covers, as PARENT/NAME.
func (c *signedClient) verify(octets []byte) ([]string, error) {
	document := etree.NewDocument()
	if err := document.ReadFromBytes(octets); err != nil {
		return nil, err
	}
	signatures := document.FindElements("/Envelope/Header/Security/Signature")
	tokens := document.FindElements("/Envelope/Header/Security/BinarySecurityToken")
	if len(signatures) != 1 || len(tokens) != 1 || tokens[0].Text() != base64.StdEncoding.EncodeToString(c.bus.Raw) {
		return nil, errors.New("not signed with the bus's certificate")
	}
	info := signatures[0].SelectElement("SignedInfo")
	canon, err := canonical(info, "")
	if err != nil {
		return nil, err
	}
	value, err := base64.StdEncoding.DecodeString(signatures[0].SelectElement("SignatureValue").Text())
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(canon)
	held := false
	switch key := c.bus.PublicKey.(type) {
	case *rsa.PublicKey:
		held = rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], value) == nil
	case *ecdsa.PublicKey:
		half := len(value) / 2
		held = ecdsa.Verify(key, digest[:], new(big.Int).SetBytes(value[:half]), new(big.Int).SetBytes(value[half:]))
	}
	if !held {
		return nil, errors.New("the signature does not hold")
	}
	covered := []string{}
	for _, reference := range info.SelectElements("Reference") {
		parts := document.FindElements("//[@wsu:Id='" + strings.TrimPrefix(reference.SelectAttrValue("URI", ""), "#") + "']")
		if len(parts) != 1 {
			return nil, errors.New("a reference names no part, or several")
		}
		prefixes := ""
		if list := reference.FindElement(".//InclusiveNamespaces"); list != nil {
			prefixes = list.SelectAttrValue("PrefixList", "")
		}
		canon, err := canonical(parts[0], prefixes)
		if err != nil {
			return nil, err
		}
		digest := sha256.Sum256(canon)
		if base64.StdEncoding.EncodeToString(digest[:]) != reference.SelectElement("DigestValue").Text() {
			return nil, errors.New("a part was changed")
		}
		covered = append(covered, parts[0].Parent().Tag+"/"+parts[0].Tag)
	}
	return covered, nil
}

// canonical is the exclusive canonical form of an element in its place.
func canonical(element *etree.Element, prefixes string) ([]byte, error) {
	context := etreeutils.NewDefaultNSContext()
	ancestors := []*etree.Element{}
	for each := element.Parent(); each != nil && each.Tag != ""; each = each.Parent() {
		ancestors = append(ancestors, each)
	}
	for n := len(ancestors) - 1; n >= 0; n-- {
		var err error
		if context, err = context.SubContext(ancestors[n]); err != nil {
			return nil, err
		}
	}
	alone, err := etreeutils.NSDetatch(context, element)
	if err != nil {
		return nil, err
	}
	return dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList(prefixes).Canonicalize(alone)
}

// Package signer signs and checks: PDFs (PAdES baseline B-B), the tokens of the
// QR codes, status lists and the key list (all three JWS). It reports what a
// signature covers and what it does not; what follows from that is judged in
// package yinzheng. It is handed a crypto.Signer with its chain and never sees
// private key material.
//
//	Seal         one document key with its chain: signs PDFs        (seal.go, cms.go)
//	Verifier     what an uploaded PDF is worth                      (verifypdf.go, update.go, verifycms.go)
//	TokenSigner  makes tokens; CheckToken checks them               (token.go)
//	Digits, URL  how a token stands in a QR code                    (digits.go)
//	StatusList   signs and reads status lists                       (statuslist.go)
//	KeyList      signs and reads the key list                       (keylist.go)
package signer

// Package signer signs and checks: PDFs (PAdES baseline B-B), the tokens of the
// QR codes, status lists and the key list (all three JWS). It reports what a
// signature covers and what it does not; what follows from that is judged in
// package yinzheng. It is handed a crypto.Signer with its chain and never sees
// private key material.
//
//	Signer     holds the keys: the yinzheng.Sealer            (signer.go)
//	Seal       signs PDFs with one document key               (seal.go, cms.go)
//	Checker    what a token or PDF is worth: yinzheng.Checker  (checktoken.go, verifypdf.go, update.go, verifycms.go)
//	ReadStatusList, ReadKeyList                                (statuslist.go, keylist.go)
package signer

// Package yinzheng is the domain of 印证: electronic certificates for local
// government, from a filled-in form to a verdict on what somebody scans.
//
// One certificate's way through the package, top to bottom:
//
//	Values     a clerk fills a Template's fields          (values.go, template.go)
//	Submit     the values are checked, the chain begins   (application.go)
//	Decide     each Step is decided by the right person   (chain.go, rights.go)
//	Issue      number, token, page, seal, self-check      (issue.go)
//	Verify     evidence is gathered and judged            (verify.go, judge.go)
//
// Everything the package needs from outside is a narrow interface that it
// declares itself (Renderer, Sealer, the stores, ...); the Service wires them.
// The package does no I/O of its own, reads no clock but the one it is given
// and imports nothing else of this module.
package yinzheng

// Package pdf reads and writes PDF files at the level of their bytes
// (ISO 32000-1). It knows nothing of certificates, fonts or keys.
//
// The writing half (write*.go) lays exactly one revision into one buffer: a
// Writer appends objects, remembers where each began, and Finish adds the
// cross-reference table, so that a document made of parts prepared earlier
// (Block) and parts made now costs little more than copying its bytes. What it
// writes is meant for PDF/A-3b (ISO 19005-3): an output intent, XMP metadata,
// a file identifier, and a signature dictionary whose /ByteRange is right
// before anybody has signed.
//
// The reading half (the other files) takes bytes from anywhere and trusts none
// of them: it says which objects, revisions and signatures a file has, judged
// from the parsed cross-references and never by searching for keywords.
package pdf

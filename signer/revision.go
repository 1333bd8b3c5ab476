package signer

import (
	"errors"
	"fmt"
	"strings"

	"yinzheng/internal/pdf"
)

// maxTail bounds startxref … %%EOF. Readers look for it in the last 1024 bytes
// only; one that does not find it there mends the file by its own lights.
const maxTail = 64

// trailerKeys are what the trailer of a later revision may hold, with those of
// a cross-reference stream (ISO 32000-2 tables 15 and 17).
var trailerKeys = map[pdf.Name]bool{
	"Size": true, "Root": true, "Info": true, "ID": true, "Prev": true,
	"Type": true, "W": true, "Index": true, "Filter": true, "DecodeParms": true, "Length": true,
}

// plainRevision tells why readers could differ on what the newest revision of
// after says; nil when it is written in the one way that leaves no room for
// it. A revision that the signature does not cover may be written by anybody,
// to be read in one way here and in another by the viewer: hybrid
// cross-references, a Size that lets objects vanish, or a file that viewers
// mend by looking for "N G obj" in what is here a stream or a comment.
func plainRevision(data []byte, before, after *pdf.File) error {
	rev := after.Revisions[len(after.Revisions)-1]
	if len(rev.Sections) != 1 {
		return errors.New("more than one cross-reference")
	}
	was, _ := before.Trailer().Get("Size").(pdf.Integer)
	if is, _ := rev.Trailer.Get("Size").(pdf.Integer); is < was {
		return errors.New("/Size")
	}
	for _, e := range rev.Trailer {
		if !trailerKeys[e.Key] {
			return fmt.Errorf("/%s", e.Key)
		}
	}
	section := rev.Sections[0]
	tail := strings.LastIndex(string(data[section.Start:rev.EOF]), "startxref")
	if tail < 0 || rev.EOF-section.Start-tail > maxTail {
		return errors.New("startxref")
	}
	return decoys(string(data[rev.Start:rev.EOF]), rev, section.Start+tail)
}

// decoys looks for what a reader that mends the file would take for an object
// or a trailer, and that is none.
func decoys(src string, rev *pdf.Revision, tail int) error {
	headers := map[int]bool{} // offsets of the word obj that counts
	for _, p := range rev.Objects {
		if !p.Free {
			headers[p.Span.Start+strings.Index(src[p.Span.Start-rev.Start:], "obj")] = true
		}
	}
	for at := range occurrences(src, "obj") {
		if !headers[rev.Start+at] && afterNumber(src[:at]) {
			return errors.New("what looks like an object and is none")
		}
	}
	for at := range occurrences(src, "startxref") {
		if rev.Start+at != tail {
			return errors.New("a second startxref")
		}
	}
	trailers := strings.Count(src, "trailer")
	if strings.HasPrefix(src[rev.Sections[0].Start-rev.Start:], "xref") {
		trailers--
	}
	if trailers > 0 {
		return errors.New("a second trailer")
	}
	return nil
}

// occurrences yields the offsets of a word in a text.
func occurrences(text, word string) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for at := 0; ; at += len(word) {
			i := strings.Index(text[at:], word)
			if i < 0 {
				return
			}
			if at += i; !yield(at) {
				return
			}
		}
	}
}

// afterNumber tells whether a reader may take what follows for the word obj
// after a number: behind a digit, white space or not (some take 0obj for two
// words), or behind the end of a comment. Three bytes that chance put into a
// certificate seldom stand so.
func afterNumber(before string) bool {
	text := strings.TrimRight(before, "\x00\t\f ")
	if text == "" {
		return true
	}
	last := text[len(text)-1]
	return last == '\n' || last == '\r' || last >= '0' && last <= '9'
}

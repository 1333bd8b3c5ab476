package font

import (
	"bytes"
	"sync"

	"github.com/klauspost/compress/zlib"
)

type deflateCache struct{}

var zlibWriters = sync.Pool{New: func() any {
	w, _ := zlib.NewWriterLevel(nil, 5)
	return w
}}

// AppendSubsetZlib appends what AppendSubset makes as a complete zlib stream (RFC 1950) and tells how long it is uncompressed (a PDF's /Length1).
func (f *Face) AppendSubsetZlib(dst []byte, gids []uint16) (out []byte, rawLen int) {
	raw := f.AppendSubset(nil, gids)
	buf := bytes.NewBuffer(dst)
	w := zlibWriters.Get().(*zlib.Writer)
	defer zlibWriters.Put(w)
	w.Reset(buf)
	w.Write(raw)
	w.Close()
	return buf.Bytes(), len(raw)
}

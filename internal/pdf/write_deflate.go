package pdf

import (
	"sync"

	"github.com/klauspost/compress/zlib"
)

// Compression levels: the one for parts made once and placed often, and the
// one for what is made for each file, where time counts more than size.
const (
	once = zlib.BestCompression
	each = zlib.BestSpeed
)

// deflater is a zlib writer that appends to a slice.
type deflater struct {
	out []byte
	z   *zlib.Writer
}

func (d *deflater) Write(p []byte) (int, error) {
	d.out = append(d.out, p...)
	return len(p), nil
}

// A zlib writer's tables take some 800 KB, so they are kept.
var deflaters = sync.Pool{New: func() any {
	d := new(deflater)
	d.z = newZlib(d, each)
	return d
}}

func newZlib(d *deflater, level int) *zlib.Writer {
	z, err := zlib.NewWriterLevel(d, level)
	if err != nil {
		panic(err) // the level is one of the two above
	}
	return z
}

// AppendDeflate appends data as a zlib stream (/FlateDecode), made fast.
func AppendDeflate(dst, data []byte) []byte {
	d := deflaters.Get().(*deflater)
	d.out = dst
	d.z.Reset(d)
	dst = d.run(data)
	d.out = nil
	deflaters.Put(d)
	return dst
}

// AppendDeflateBest appends data as a zlib stream made as small as it gets,
// for parts that many files share.
func AppendDeflateBest(dst, data []byte) []byte {
	d := &deflater{out: dst}
	d.z = newZlib(d, once)
	return d.run(data)
}

// run writes data through; the writes cannot fail, as they go to memory.
func (d *deflater) run(data []byte) []byte {
	_, _ = d.z.Write(data)
	_ = d.z.Close()
	return d.out
}

package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zlib"
)

// ErrFilter means that a stream is encoded in a way that is not read here.
var ErrFilter = errors.New("a stream filter that is not supported")

// Decode returns what a stream holds, at most limit bytes of it. Only
// FlateDecode is read (ISO 32000-2 §7.4.4). Errors: ErrTooLarge, ErrFilter, or
// what is wrong with the data.
func (f *File) Decode(s *Stream, limit int) ([]byte, error) {
	filters, err := f.list(s.Dict.Get("Filter"))
	if err != nil {
		return nil, err
	}
	parms, err := f.list(s.Dict.Get("DecodeParms"))
	if err != nil {
		return nil, err
	}
	if len(filters) > 2 || s.Dict.Get("F") != nil {
		return nil, ErrFilter
	}
	body := f.data[s.Data.Start:s.Data.End]
	if len(filters) == 0 {
		if len(body) > limit {
			return nil, ErrTooLarge
		}
		return body, nil
	}
	for i, filter := range filters {
		if filter != Name("FlateDecode") {
			return nil, ErrFilter
		}
		var parm Dict
		if i < len(parms) {
			parm, _ = parms[i].(Dict)
		}
		if body, err = f.flate(body, parm, limit); err != nil {
			return nil, fmt.Errorf("stream at offset %d: %w", s.Data.Start, err)
		}
	}
	return body, nil
}

// list resolves one object or an array of them.
func (f *File) list(o Object) (Array, error) {
	v, err := f.Resolve(o)
	if err != nil || v == nil {
		return nil, err
	}
	a, ok := v.(Array)
	if !ok {
		return Array{v}, nil
	}
	out := make(Array, len(a))
	for i := range a {
		if out[i], err = f.Resolve(a[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

var inflaters sync.Pool // of io.ReadCloser with zlib.Resetter; one costs 40 KB to make

func inflater(r io.Reader) (io.ReadCloser, error) {
	if z, ok := inflaters.Get().(io.ReadCloser); ok {
		return z, z.(zlib.Resetter).Reset(r, nil)
	}
	return zlib.NewReader(r)
}

// flate inflates within the limit and what is left of the file's budget.
func (f *File) flate(in []byte, parm Dict, limit int) ([]byte, error) {
	z, err := inflater(bytes.NewReader(in))
	if err != nil {
		return nil, err
	}
	defer inflaters.Put(z)
	most := min(limit, f.budget.inflate)
	var out bytes.Buffer
	out.Grow(min(most, 4*len(in)))
	n, err := out.ReadFrom(io.LimitReader(z, int64(most)+1))
	if err != nil {
		return nil, err
	}
	if n > int64(most) {
		f.budget.inflate = 0
		return nil, ErrTooLarge
	}
	f.budget.inflate -= int(n)
	return f.unpredict(out.Bytes(), parm)
}

// unpredict undoes a PNG or TIFF predictor (§7.4.4.4).
func (f *File) unpredict(in []byte, parm Dict) ([]byte, error) {
	predictor, err := f.parameter(parm, "Predictor", 1, 15)
	if err != nil || predictor == 1 {
		return in, err
	}
	colors, err1 := f.parameter(parm, "Colors", 1, 32)
	depth, err2 := f.parameter(parm, "BitsPerComponent", 8, 16)
	columns, err3 := f.parameter(parm, "Columns", 1, 1<<20)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	pixel := max(1, colors*depth/8)
	row := (columns*colors*depth + 7) / 8
	if predictor >= 10 {
		return unpredictPNG(in, pixel, row)
	}
	if predictor != 2 || depth != 8 {
		return nil, ErrFilter
	}
	for rest := in; len(rest) >= row; rest = rest[row:] {
		for i := pixel; i < row; i++ {
			rest[i] += rest[i-pixel]
		}
	}
	return in, nil
}

func (f *File) parameter(d Dict, key Name, otherwise, most int) (int, error) {
	v, err := f.Resolve(d.Get(key))
	if err != nil || v == nil {
		return otherwise, err
	}
	n, ok := v.(Integer)
	if !ok || n < 1 || int64(n) > int64(most) {
		return 0, ErrFilter
	}
	return int(n), nil
}

// unpredictPNG undoes the filters of PNG (ISO/IEC 15948 §9), in place.
func unpredictPNG(in []byte, pixel, row int) ([]byte, error) {
	if len(in)%(row+1) != 0 {
		return nil, errors.New("a predicted stream whose last row is cut short")
	}
	out := in[:0]
	above := make([]byte, row)
	for ; len(in) > 0; in = in[row+1:] {
		line := in[1 : row+1]
		if err := unfilter(in[0], line, above, pixel); err != nil {
			return nil, err
		}
		out = append(out, line...) // never catches up with in: a row read is a byte longer
		above = out[len(out)-row:]
	}
	return out, nil
}

func unfilter(kind byte, line, above []byte, pixel int) error {
	if kind > 4 {
		return errors.New("a predicted stream with an unknown row filter")
	}
	for i := range line {
		var left, corner byte
		if i >= pixel {
			left, corner = line[i-pixel], above[i-pixel]
		}
		switch kind {
		case 1:
			line[i] += left
		case 2:
			line[i] += above[i]
		case 3:
			line[i] += byte((int(left) + int(above[i])) / 2)
		case 4:
			line[i] += paeth(left, above[i], corner)
		}
	}
	return nil
}

func paeth(a, b, c byte) byte {
	p := int(a) + int(b) - int(c)
	pa, pb, pc := distance(p, a), distance(p, b), distance(p, c)
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}

func distance(p int, v byte) int {
	if p > int(v) {
		return p - int(v)
	}
	return int(v) - p
}

// objectStream is a decoded object stream (§7.5.7).
type objectStream struct {
	src     string
	numbers []int
	offsets []int
}

// unpack parses an object that an object stream holds.
func (f *File) unpack(p Place) (Object, error) {
	s, err := f.objectStream(p.Container)
	if err != nil {
		return nil, err
	}
	if p.Index >= len(s.numbers) || s.numbers[p.Index] != p.Ref.Num {
		return nil, &SyntaxError{In: p.Container, Want: "object " + p.Ref.String()}
	}
	end := len(s.src)
	if p.Index+1 < len(s.offsets) {
		end = s.offsets[p.Index+1]
	}
	if err := f.budget.gone(end - s.offsets[p.Index]); err != nil {
		return nil, err
	}
	l := lexer{src: s.src[:end], pos: s.offsets[p.Index], in: p.Container, budget: f.budget}
	return l.object(0, true)
}

func (f *File) objectStream(num int) (*objectStream, error) {
	if s := f.packed[num]; s != nil {
		return s, nil
	}
	if p, ok := f.place(num); ok && p.Container != 0 {
		return nil, &SyntaxError{In: num, Want: "an object stream that is not itself in one"}
	}
	v, err := f.load(Ref{Num: num})
	if err != nil {
		return nil, err
	}
	st, ok := v.(*Stream)
	if !ok || st.Dict.Get("Type") != Name("ObjStm") {
		return nil, &SyntaxError{In: num, Want: "an object stream"}
	}
	body, err := f.Decode(st, maxInflated)
	if err != nil {
		return nil, err
	}
	s, err := f.readObjectStream(num, st.Dict, string(body))
	if err != nil {
		return nil, err
	}
	f.packed[num] = s
	return s, nil
}

// readObjectStream reads the pairs of number and offset at its beginning.
func (f *File) readObjectStream(num int, d Dict, src string) (*objectStream, error) {
	l := lexer{src: src, in: num}
	count, ok1 := d.Get("N").(Integer)
	first, ok2 := d.Get("First").(Integer)
	if !ok1 || !ok2 || count < 0 || int64(count) > int64(len(src)) || first < 0 || int64(first) > int64(len(src)) {
		return nil, l.fail(0, "N and First that fit the stream")
	}
	s := &objectStream{src: src, numbers: make([]int, count), offsets: make([]int, count)}
	for i := range s.numbers {
		var err error
		l.space()
		if s.numbers[i], err = l.digits(maxNumber, "an object's number"); err != nil {
			return nil, err
		}
		l.space()
		if s.offsets[i], err = l.digits(len(src), "an object's offset"); err != nil {
			return nil, err
		}
		s.offsets[i] += int(first)
		if s.offsets[i] > len(src) || i > 0 && s.offsets[i] <= s.offsets[i-1] {
			return nil, l.fail(l.pos, "a rising offset within the stream")
		}
	}
	return s, nil
}

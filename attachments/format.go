package attachments

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"github.com/bep/imagemeta"
	"golang.org/x/image/webp"
)

// format is a way to encode pictures.
type format struct {
	is     func([]byte) bool // by its first bytes
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
	// memory is the most that decoding one of so many pixels, and halving it once,
	// takes, in bytes.
	memory func(sent []byte, pixels int) int64
	exif   imagemeta.ImageFormat
}

var formats = []format{
	{
		exif: imagemeta.JPEG, config: jpeg.DecodeConfig, decode: jpeg.Decode, memory: jpegMemory,
		is: func(b []byte) bool { return bytes.HasPrefix(b, []byte("\xff\xd8\xff")) },
	},
	{
		exif: imagemeta.PNG, config: png.DecodeConfig, decode: png.Decode, memory: pngMemory,
		is: func(b []byte) bool { return bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")) },
	},
	{
		exif: imagemeta.WebP, config: webp.DecodeConfig, decode: webp.Decode, memory: webpMemory,
		is: func(b []byte) bool { return len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP" },
	},
}

// formatOf tells how a picture is encoded; nil: it is none of these.
func formatOf(sent []byte) *format {
	for i := range formats {
		if formats[i].is(sent) {
			return &formats[i]
		}
	}
	return nil
}

// outputMemory is what the picture that is kept takes: as it is scaled, as it is
// turned and as it is written.
const outputMemory = LongSide * LongSide * 12

// memoryOf is what so many pixels take, of so many bytes each, with the halves,
// quarters, ... of the picture, of 4 bytes a pixel.
func memoryOf(pixels, per int) int64 { return int64(pixels) * int64(3*per+4) / 3 }

// pngMemory: 8 bytes a pixel of 16-bit channels, 4 of any other, and the same
// for the passes of an interlaced one.
func pngMemory(sent []byte, pixels int) int64 {
	per := 4
	if sent[24] == 16 {
		per = 8
	}
	if sent[28] != 0 {
		per *= 2
	}
	return memoryOf(pixels, per)
}

// treesMemory is what the Huffman trees of a lossless WebP take, however small the
// picture is: the decoder takes 2600 groups of five, with up to 3136 symbols together
// (RFC 9649, 3.7).
const treesMemory = 208 << 20

// webpMemory: a lossless picture, and an alpha channel, take 4 bytes a pixel twice, and
// their trees.
func webpMemory(sent []byte, pixels int) int64 {
	if bytes.Contains(sent, []byte("VP8L")) || bytes.Contains(sent, []byte("ALPH")) {
		return memoryOf(pixels, 8) + treesMemory
	}
	return memoryOf(pixels, 8)
}

// jpegMemory: a byte for each component, 4 for the conversion of RGB and CMYK,
// and in a progressive one 4 for each coefficient besides. Blocks are whole, so
// that up to 32 rows and columns are padding.
func jpegMemory(sent []byte, pixels int) int64 {
	f := frameOf(sent)
	per := f.components
	if f.converted {
		per += 4
	}
	if f.progressive {
		per += 4 * f.components
	}
	return memoryOf(pixels+32*(MaxSide+MaxPixels/MaxSide), per)
}

// frame is what a JPEG says of how it is encoded.
type frame struct {
	components  int
	converted   bool // no YCbCr or grey: decoded to RGBA
	progressive bool
}

// frameOf reads the segments of a JPEG (ITU-T T.81 annex B) up to its frame
// header, which its decoder has found well-formed.
func frameOf(b []byte) frame {
	var f frame
	for i := 2; i+4 <= len(b); {
		marker := b[i+1]
		size := 2 + int(b[i+2])<<8 + int(b[i+3])
		segment := b[i+4 : min(len(b), i+max(4, size))]
		switch {
		case b[i] != 0xFF || marker == 0xFF:
			i++ // the decoder skips what is no marker, too
			continue
		case marker == 0x00, marker == 0x01, marker >= 0xD0 && marker <= 0xD7:
			i += 2 // no length follows
			continue
		case marker >= 0xC0 && marker <= 0xC2 && len(segment) >= 6:
			f.components, f.progressive = int(segment[5]), marker == 0xC2
			f.converted = f.converted && f.components == 3 || f.components == 4 || named(segment[6:], "RGB")
			return f
		case marker == 0xEE && len(segment) >= 12 && string(segment[:5]) == "Adobe":
			f.converted = segment[11] == 0
		}
		i += size
	}
	return frame{4, true, true} // not found: as if it were the dearest
}

// named tells whether the components of a frame are called so; each has three bytes.
func named(components []byte, names string) bool {
	for i := range len(names) {
		if 3*i >= len(components) || components[3*i] != names[i] {
			return false
		}
	}
	return true
}

// orientation reads how a picture lies, 1 to 8 as EXIF numbers it; 1, upright,
// where it does not say so that one can read it.
func (f *format) orientation(sent []byte) int {
	lies := 1
	_, err := imagemeta.Decode(imagemeta.Options{
		R: bytes.NewReader(sent), ImageFormat: f.exif, Sources: imagemeta.EXIF,
		ShouldHandleTag: func(t imagemeta.TagInfo) bool { return t.Tag == "Orientation" && t.Namespace == "IFD0" },
		HandleTag: func(t imagemeta.TagInfo) error {
			if n, ok := t.Value.(uint16); ok && n >= 1 && n <= 8 {
				lies = int(n)
			}
			return imagemeta.ErrStopWalking
		},
	})
	if err != nil {
		return 1
	}
	return lies
}

package yinzheng

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Photos reads the QR codes in pictures. Implemented by attachments.Cleaner.
type Photos interface {
	// Codes returns the texts of the QR codes in a picture, those that are wanted
	// before others; none if none can be read. A camera's frame is small, and only
	// glanced at. The error is an ErrNotFound if the file is no picture, an ErrInvalid
	// of the field "file" for a picture that cannot be opened, an ErrUnavailable while
	// too many are being looked at, or if there was no time to see whether there are
	// any, or ctx's.
	Codes(ctx context.Context, sent []byte, frame bool, wanted func(text string) bool) ([]string, error)
}

// What is found about a picture without a code of ours: PDFReport.Problem and
// Finding.Code.
const (
	noCode    = "no-code"    // no QR code could be read
	otherCode = "other-code" // there is one, but of something else
)

// verifyPhoto answers for a picture by the codes in it, each as its address is
// judged, within the question's bounds. The answer is the weightiest of them, with
// the others beside it, so that a good code does not speak for a bad one. Nil: the
// file is no picture.
func (s *Service) verifyPhoto(ctx context.Context, q *Question) (*Answer, error) {
	if s.Photos == nil {
		return nil, nil
	}
	texts, err := s.Photos.Codes(ctx, q.File, q.Frame, isOurs)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	answers, err := s.answerAll(ctx, texts, q.Lookups)
	if err != nil {
		return nil, err
	}
	for _, a := range answers {
		a.Photo = true
	}
	first := answers[0]
	if n := len(texts) - len(answers); n > 0 && first.Verdict != NoSignature {
		first.Findings = append(first.Findings, Finding{otherCode, Text{
			fmt.Sprintf("图片中另有 %d 个二维码不是电子证明的，未作核验", n), fmt.Sprintf("QR codes of something else in the picture, which were not looked at: %d", n),
		}})
	}
	first.Others = answers[1:]
	return first, nil
}

// answerAll answers for those of the texts that are ours, the weightiest first,
// or says that none is.
func (s *Service) answerAll(ctx context.Context, texts []string, bound Lookups) (answers []*Answer, err error) {
	for _, text := range texts {
		if !isOurs(text) {
			continue
		}
		a, err := s.answer(ctx, &Question{URL: text, Lookups: bound})
		if err != nil {
			return nil, err
		}
		answers = append(answers, a)
	}
	if len(answers) == 0 {
		problem := noCode
		if len(texts) > 0 {
			problem = otherCode
		}
		a, err := s.judge(ctx, &Evidence{PDF: &PDFReport{Problem: problem}})
		return []*Answer{a}, err
	}
	slices.SortStableFunc(answers, func(a, b *Answer) int {
		return slices.Index(precedence, a.Verdict) - slices.Index(precedence, b.Verdict)
	})
	return answers, nil
}

// isOurs tells whether a QR code may be a certificate's.
func isOurs(text string) bool {
	_, _, err := ParseURL(text)
	return err == nil
}

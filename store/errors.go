package store

import (
	"context"
	"errors"
	"fmt"

	"yinzheng"
)

func notFound(zh, en string) error {
	return &yinzheng.Error{Kind: yinzheng.ErrNotFound, Text: yinzheng.Text{ZH: zh, EN: en}}
}

func conflict(zh, en string) error {
	return &yinzheng.Error{Kind: yinzheng.ErrConflict, Text: yinzheng.Text{ZH: zh, EN: en}}
}

func unavailable(t yinzheng.Text, cause error) error {
	return &yinzheng.Error{Kind: yinzheng.ErrUnavailable, Text: t, Cause: cause}
}

var (
	errClosed = unavailable(yinzheng.Text{ZH: "服务正在停止，没有丢失任何内容，请稍后重试", EN: "The service is stopping; nothing was lost, please try again later"}, nil)
	// errOver is a mistake in the program: the context that Tx hands to fn was
	// used after fn had returned.
	errOver = errors.New("store: the context of a transaction that is over")
)

// fault translates what an engine reports: a disk or a database that does not
// answer becomes ErrUnavailable, what is already an error of the domain or of
// the context stays as it is.
func (s *Store) fault(doing string, err error) error {
	if err == nil {
		return nil
	}
	var known *yinzheng.Error
	if errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	err = fmt.Errorf("store: %s: %w", doing, err)
	if t, ok := s.dialect.outage(err); ok {
		return unavailable(t, err)
	}
	return err
}

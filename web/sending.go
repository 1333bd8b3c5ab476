package web

import (
	"net/http"
	"sync"

	"yinzheng"
)

// sending is the room for residents' files on their way out, each of which is held as a
// whole for as long as somebody takes to read it. A resident whom a provider vouches for
// has so much of it, or else a network, so that few who read slowly do not have all.
type sending struct {
	mu   sync.Mutex
	held int
	to   map[string]int // by resident or network
}

// The bytes that are on their way at a time.
const (
	maxSending   = 16 * maxFile // in all
	maxSendingTo = 2 * maxFile  // to one of those
)

// begin takes room for a file before it is read; done gives it back.
func (s *sending) begin(to string, bytes int) (done func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held+bytes > maxSending || s.to[to]+bytes > maxSendingTo {
		return nil, &fault{status: http.StatusTooManyRequests, kind: "too-many", after: 10, text: yinzheng.Text{
			ZH: "同时打开的文件过多，请稍后再试", EN: "Many files are being opened; please try again shortly",
		}}
	}
	s.add(to, bytes)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.add(to, -bytes)
	}, nil
}

func (s *sending) add(to string, bytes int) {
	s.held += bytes
	if s.to[to] += bytes; s.to[to] == 0 {
		delete(s.to, to)
	}
}

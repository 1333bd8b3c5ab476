package web

import (
	"net/http"
	"strconv"
	"strings"
)

// negotiate picks the offer that an Accept header prefers (RFC 9110, 12.5.1);
// the first where it has no preference, "" where it takes none.
func negotiate(accept string, offers ...string) string {
	if strings.TrimSpace(accept) == "" {
		return offers[0]
	}
	best, weight := "", 0.0
	for _, offer := range offers {
		if q := acceptance(accept, offer); q > weight {
			best, weight = offer, q
		}
	}
	return best
}

// acceptance is the weight of the most specific range that an offer falls in.
func acceptance(accept, offer string) float64 {
	kind, _, _ := strings.Cut(offer, "/")
	q, specific := 0.0, 0
	for part := range strings.SplitSeq(accept, ",") {
		media, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		s := 0
		switch strings.ToLower(strings.TrimSpace(media)) {
		case offer:
			s = 3
		case kind + "/*":
			s = 2
		case "*/*":
			s = 1
		}
		if s > specific {
			q, specific = quality(params), s
		}
	}
	return q
}

// quality reads q= among a range's parameters; 1 where it is absent.
func quality(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		if v, ok := strings.CutPrefix(strings.TrimSpace(p), "q="); ok {
			q, err := strconv.ParseFloat(v, 64)
			if err != nil || q < 0 || q > 1 {
				return 0
			}
			return q
		}
	}
	return 1
}

// wantsJSON tells whether a program asks, not a browser.
func wantsJSON(r *http.Request) bool {
	return negotiate(r.Header.Get("Accept"), "text/html", "application/json") == "application/json"
}

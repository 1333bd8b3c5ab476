package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"
)

// previewRow measures the page that a clerk sees while typing.
func previewRow(_ context.Context, w *workshop, rounds int) (row, error) {
	plain, err := newPlainWay(w.office)
	if err != nil {
		return row{}, err
	}
	const ours, theirs = 40, 2
	var latencies, page, ratio series
	err = interleave(rounds,
		func() error {
			var batch series
			for i := range ours {
				in := caseOf(i)
				start := time.Now()
				svg, err := w.Preview(w.clerk, in.Item, in.Values, "svg", "purpose")
				batch.add(float64(time.Since(start)))
				if err != nil {
					return err
				}
				if !bytes.HasPrefix(bytes.TrimSpace(svg), []byte("<svg")) || !bytes.Contains(svg, []byte("</svg>")) {
					return errors.New("preview: that is no SVG")
				}
			}
			latencies = append(latencies, batch...)
			return nil
		},
		func() error {
			start := time.Now()
			for i := range theirs {
				if err := plain.one(w, i); err != nil {
					return err
				}
			}
			page.perOp(time.Since(start), theirs)
			return nil
		},
	)
	if err != nil {
		return row{}, err
	}
	for _, p := range page {
		ratio.add(latencies.quantile(0.99) / p)
	}
	return newRow("preview (SVG) p99", latencies.quantile(0.99)/1e6, "ms",
		fmt.Sprintf("one plain gofpdf page: %s ms", number(page.median()/1e6)), ratio, valueAtMost(20))
}

package main

import (
	"context"
	"fmt"
	"time"

	"yinzheng"
)

// decidingMemory is the most heap, in MB, that approving and issuing in bulk may
// take: what docs/operations.md promises.
const decidingMemory = 200

// decidingRows measures what an approver waits for who has thousands of cases
// before them: approved in bulk and issued in the background, against one after
// another, each with its certificate.
func decidingRows(ctx context.Context, c *counter, cases int) ([]row, error) {
	alone, err := c.submitMany(ctx, min(cases, 500))
	if err != nil {
		return nil, err
	}
	many, err := c.submitMany(ctx, cases)
	if err != nil {
		return nil, err
	}
	var one, bulk, heap, single series
	peak := watchHeap()
	start := time.Now()
	if err := c.decideAlone(ctx, alone); err != nil {
		return nil, err
	}
	one.perOp(time.Since(start), len(alone))
	single.add(peak())
	peak, start = watchHeap(), time.Now()
	if err := c.decideMany(ctx, many); err != nil {
		return nil, err
	}
	bulk.perOp(time.Since(start), len(many))
	heap.add(peak())
	if err := c.allIssued(ctx, ids(alone, 1)); err != nil {
		return nil, err
	}
	if err := c.allIssued(ctx, ids(many, 10)); err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%d approved in bulk and issued", cases)
	speed, err := newRow(name+", SQLite FULL", 1e9/bulk.median(), "/s",
		fmt.Sprintf("one after another: %s /s", number(1e9/one.median())), one.over(bulk), ratioAtLeast(1.5))
	if err != nil {
		return nil, err
	}
	room, err := newRow(name+", heap at its peak", heap.median(), "MB", fmt.Sprintf("one after another: %s MB", number(single.median())), heap.over(single), valueAtMost(decidingMemory))
	return []row{speed, room}, err
}

// ids are those of every n-th case.
func ids(cases []yinzheng.CaseSeen, n int) []string {
	var out []string
	for i := 0; i < len(cases); i += n {
		out = append(out, cases[i].ID)
	}
	return out
}

// submitMany brings n cases to their last step.
func (c *counter) submitMany(ctx context.Context, n int) ([]yinzheng.CaseSeen, error) {
	out := make([]yinzheng.CaseSeen, n)
	err := each(n, hands, func(i int) error {
		at := len(kinds) * (c.cases + i) // residence, which the town decides
		view, _, err := c.CreateApplication(ctx, c.clerk, caseOf(at), fmt.Sprintf("bench-%d", c.cases+i))
		if err != nil {
			return err
		}
		view, err = c.SubmitApplication(ctx, c.clerk, view.ID, view.Version)
		if err == nil {
			out[i] = yinzheng.CaseSeen{ID: view.ID, Version: view.Version}
		}
		return err
	})
	c.cases += n
	return out, err
}

var consent = yinzheng.Decision{Action: yinzheng.Approve, Opinion: "同意"}

func (c *counter) decideAlone(ctx context.Context, cases []yinzheng.CaseSeen) error {
	for _, x := range cases {
		if _, err := c.Decide(ctx, c.deciders[yinzheng.Town], x.ID, x.Version, consent); err != nil {
			return err
		}
	}
	return nil
}

// decideMany approves in bulk, request after request, while certificates are
// made, and returns when all of them are.
func (c *counter) decideMany(ctx context.Context, cases []yinzheng.CaseSeen) error {
	background, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.KeepRecovering(background, time.Minute)
	}()
	for len(cases) > 0 {
		n := min(len(cases), yinzheng.MaxAtOnce)
		rows, err := c.DecideMany(ctx, c.deciders[yinzheng.Town], cases[:n], consent)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r.Err != nil {
				return fmt.Errorf("case %s: %w", r.ID, r.Err)
			}
		}
		cases = cases[n:]
	}
	stop() // a round under way ends what it has begun
	<-ended
	_, err := c.Recover(ctx)
	return err
}

package main

import (
	"context"
	"fmt"
	"time"

	"yinzheng"
)

// bulkRow measures what durability costs: many people issue at once through
// Service.Issue, on a disk that is synced and on a store in memory.
func bulkRow(ctx context.Context, disk, memory *counter, rounds, batch int) (row, error) {
	run := func(c *counter, took *series) (func() error, error) {
		ids, err := c.approveMany(ctx, rounds*batch)
		return func() error {
			now := ids[:batch]
			ids = ids[batch:]
			start := time.Now()
			err := each(batch, hands, func(i int) error {
				_, err := c.Issue(ctx, now[i])
				return err
			})
			took.perOp(time.Since(start), batch)
			if err != nil {
				return err
			}
			return c.allIssued(ctx, now)
		}, err
	}
	var onDisk, inMemory series
	a, err := run(disk, &onDisk)
	if err != nil {
		return row{}, err
	}
	b, err := run(memory, &inMemory)
	if err != nil {
		return row{}, err
	}
	if err := interleave(rounds, a, b); err != nil {
		return row{}, err
	}
	return newRow(fmt.Sprintf("bulk issue by %d at once, SQLite FULL", hands), 1e9/onDisk.median(), "/s",
		fmt.Sprintf("store in memory: %s /s", number(1e9/inMemory.median())), inMemory.over(onDisk), ratioAtLeast(0.5))
}

// allIssued looks, off the clock, that every case has its certificate and that
// the file which the store gives back is valid.
func (c *counter) allIssued(ctx context.Context, ids []string) error {
	return each(len(ids), 2, func(i int) error {
		a, err := c.store.Application(ctx, ids[i])
		if err != nil {
			return err
		}
		if a.State != yinzheng.Issued {
			return fmt.Errorf("case %s is %s after bulk issue", ids[i], a.State)
		}
		file, err := c.store.PDF(ctx, a.Code)
		if err != nil {
			return err
		}
		c.issued.add(a.Code)
		return mustBeValid(ctx, c.Service, file)
	})
}

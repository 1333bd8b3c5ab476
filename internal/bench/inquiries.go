package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"time"

	"yinzheng"
	"yinzheng/inquiry"
	"yinzheng/register"
)

// listMemory is the most heap, in MB, that a list of 30,000 inquiries may take.
const listMemory = 150

// lacking is one child in how many that is not on the roll, and comes to people.
const lacking = 500

// inquiryRows measures a list of inquiries: the vaccination check of all children
// who start school, checked row by row, kept, and looked up on the roll and in the
// register of persons that personRows has imported.
func inquiryRows(ctx context.Context, disk, memory *counter, rows int) ([]row, error) {
	all, err := childrenOf(registerOf(2*rows), 0)
	if err != nil {
		return nil, err
	}
	vaccinated, err := childrenOf(registerOf(2*rows), lacking)
	if err != nil {
		return nil, err
	}
	var onDisk, inMemory, heap, size series
	for _, run := range []struct {
		c    *counter
		took *series
	}{{memory, &inMemory}, {disk, &onDisk}} {
		q, err := run.c.inquiries(ctx, rows, vaccinated)
		if err != nil {
			return nil, err
		}
		peak := watchHeap()
		start := time.Now()
		if err := askList(ctx, q, all, rows); err != nil {
			return nil, err
		}
		run.took.perOp(time.Since(start), rows)
		heap.add(peak())
		size.add(float64(len(all)) / (1 << 20))
	}
	name := fmt.Sprintf("list of %d inquiries", rows)
	speed, err := newRow(name+", SQLite FULL", 1e9/onDisk.median(), "/s",
		fmt.Sprintf("store in memory: %s /s", number(1e9/inMemory.median())), inMemory.over(onDisk), ratioAtLeast(0.5))
	if err != nil {
		return nil, err
	}
	room, err := newRow(name+", heap at its peak", heap.quantile(1), "MB", fmt.Sprintf("the file: %s MB", number(size.median())), heap.over(size), valueAtMost(listMemory))
	return []row{speed, room}, err
}

// registered is what is on record: a counter has no register of its own.
type registered struct {
	*yinzheng.Service
	register *register.Register
}

// Known implements inquiry.Records.
func (r *registered) Known(ctx context.Context, id yinzheng.ID) (*yinzheng.OnRecord, error) {
	return r.register.OnRecord(ctx, id)
}

// inquiries makes a counter's, with a kind that a roll answers and somebody who
// may ask it.
func (c *counter) inquiries(ctx context.Context, rows int, roll []byte) (*inquiry.Inquiries, error) {
	q := inquiry.New(inquiry.Config{Store: c.store, Records: &registered{c.Service, &register.Register{Kept: c.store}}, Seal: c.Service})
	by := c.Operator()
	if _, err := q.PutKind(ctx, by, inquiry.Kind{
		Code: "vaccination", Name: yinzheng.Text{ZH: "预防接种查验"}, Subject: inquiry.None, Level: yinzheng.Town, Record: &inquiry.Source{Roll: "o" + district},
	}); err != nil {
		return nil, err
	}
	if _, err := q.GiveRight(ctx, by, inquiry.Right{Office: "o" + district, Kinds: []string{"vaccination"}, Division: district, Rows: rows}); err != nil {
		return nil, err
	}
	_, err := q.PutRoll(ctx, by, &inquiry.NewRoll{Kind: "vaccination", Title: "接种名册", AsOf: "2026-01-10", File: roll})
	return q, err
}

// askList asks about everybody in a list, has the record asked, and looks that
// only those come to people who are not on the roll.
func askList(ctx context.Context, q *inquiry.Inquiries, file []byte, rows int) error {
	asker := &yinzheng.Account{ID: "department", Grants: []yinzheng.Grant{{Office: "o" + district, Role: yinzheng.Department}}}
	l, _, err := q.AskList(ctx, asker, &inquiry.NewList{Kind: "vaccination", Division: district, Purpose: "入学预防接种查验", Basis: "某条例第二十七条", File: file}, "list", false)
	if err != nil {
		return err
	}
	if _, err := q.Work(ctx); err != nil {
		return err
	}
	if l, err = q.ReadList(ctx, asker, l.ID); err != nil {
		return err
	}
	if left := rows / lacking; l.State != inquiry.ListPeople || l.Worked != rows || l.Left != left || l.OnRecord != rows-left {
		return fmt.Errorf("a list of %d inquiries: %+v", rows, l)
	}
	return nil
}

// childrenOf lists the children of a register, without every skip-th of them.
func childrenOf(data []byte, skip int) ([]byte, error) {
	people, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString("name,id\n")
	n := 0
	for _, p := range people {
		if p[5] != "子女" {
			continue
		}
		if n++; skip == 0 || n%skip != 0 {
			fmt.Fprintf(&b, "%s,%s\n", p[1], p[0])
		}
	}
	return b.Bytes(), nil
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"runtime/metrics"
	"time"

	"yinzheng"
	"yinzheng/register"
)

// importMemory is the most heap, in MB, that an import of 100,000 persons may
// take: what docs/operations.md promises.
const importMemory = 600

// personRows measures the import of a register of persons, all of it new, and
// the heap that it takes.
func personRows(ctx context.Context, disk, memory *counter, persons int) ([]row, error) {
	data := registerOf(persons)
	var onDisk, inMemory, heap, size series
	for _, run := range []struct {
		c    *counter
		took *series
	}{{memory, &inMemory}, {disk, &onDisk}} {
		peak := watchHeap()
		start := time.Now()
		if err := run.c.importRegister(ctx, data, persons); err != nil {
			return nil, err
		}
		run.took.perOp(time.Since(start), persons)
		heap.add(peak())
		size.add(float64(len(data)) / (1 << 20))
	}
	name := fmt.Sprintf("import of %d persons", persons)
	speed, err := newRow(name+", SQLite FULL", 1e9/onDisk.median(), "/s",
		fmt.Sprintf("store in memory: %s /s", number(1e9/inMemory.median())), inMemory.over(onDisk), ratioAtLeast(0.5))
	if err != nil {
		return nil, err
	}
	room, err := newRow(name+", heap at its peak", heap.quantile(1), "MB", fmt.Sprintf("the file: %s MB", number(size.median())), heap.over(size), valueAtMost(importMemory))
	return []row{speed, room}, err
}

// importRegister imports a register, and looks that all of it is on record.
func (c *counter) importRegister(ctx context.Context, data []byte, persons int) error {
	by := c.Operator()
	plan := func() (*yinzheng.PlannedImport, error) {
		m, err := c.BeginImport(by, "o"+district, "常住人口登记", "2026-01-10", data)
		if err != nil {
			return nil, err
		}
		return register.Plan(ctx, c.store, c.Directory(), m, data)
	}
	p, err := plan()
	if err != nil {
		return err
	}
	if err := c.ImportPersons(ctx, by, p, false); err != nil {
		return err
	}
	if p.New != persons || !p.Applied {
		return fmt.Errorf("an import of %d persons: %+v", persons, p.ImportCounts)
	}
	return nil
}

// registerOf makes a register: households of four, everybody with an address,
// children with their mother and father.
func registerOf(persons int) []byte {
	var b bytes.Buffer
	b.WriteString("id,name,division,address,household,head_relation,mother_name,mother_id,father_name,father_id,spouse_name,spouse_id\n")
	born := time.Date(1930, 1, 1, 0, 0, 0, 0, time.UTC)
	id := func(n, sex int) string { // 350 a day
		return yinzheng.ResidentNumber(fmt.Sprintf("441302%s%03d", born.AddDate(0, 0, n/350).Format("20060102"), 2*(n%350)+sex))
	}
	for n := range persons {
		home, place := n/4, n%4
		father, mother := id(4*home, 1), id(4*home+1, 0)
		fmt.Fprintf(&b, "%s,", id(n, (place+1)%2))
		switch place {
		case 0:
			fmt.Fprintf(&b, "陈志强,%s,惠城区滨江路 %d 号,%d,户主,,,,,王晓丽,%s\n", community, home, home, mother)
		case 1:
			fmt.Fprintf(&b, "王晓丽,%s,惠城区滨江路 %d 号,%d,配偶,,,,,陈志强,%s\n", community, home, home, father)
		default:
			fmt.Fprintf(&b, "陈小%c,%s,惠城区滨江路 %d 号,%d,子女,,,,,,\n", '宝'+rune(place), community, home, home)
		}
	}
	return b.Bytes()
}

// watchHeap follows the heap until the function that it returns is called, which
// tells by how many MB it grew at most.
func watchHeap() (peak func() float64) {
	runtime.GC()
	heap := func() float64 {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return float64(sample[0].Value.Uint64()) / (1 << 20)
	}
	before, most := heap(), 0.0
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				most = max(most, heap()-before)
			case <-stop:
				return
			}
		}
	}()
	return func() float64 {
		close(stop)
		<-stopped
		return most
	}
}

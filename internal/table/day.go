package table

import (
	"math"
	"strconv"
	"time"
)

// dayLayouts are the ways in which people write a day.
var dayLayouts = []string{time.DateOnly, "2006/1/2", "2006.1.2", "2006-1-2", "20060102", "2006年1月2日", "2006-01-02 15:04:05"}

// epoch is day 0 of a workbook (ECMA-376, 18.17.4.1, with its leap day of 1900).
var epoch = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)

// Day writes the day in a cell as 2006-01-02. What is none stays as it is, to be
// refused by whoever asked for one.
func Day(text string) string {
	for _, layout := range dayLayouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at.Format(time.DateOnly)
		}
	}
	if n, err := strconv.Atoi(text); err == nil && n > 59 && n < 100_000 && len(text) <= 5 { // 59: before the day that never was
		return epoch.AddDate(0, 0, n).Format(time.DateOnly)
	}
	return text
}

// momentLayouts are the ways in which people write a time of a day.
var momentLayouts = []string{"2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02 15:04:05", "2006-1-2 15:04", "2006/1/2 15:04", "2006/1/2 15:04:05", "2006.1.2 15:04", "2006年1月2日 15:04", "2006年1月2日15时4分"}

// Moment is Day for a time to the minute, written as 2006-01-02T15:04.
func Moment(text string) string {
	const normal = "2006-01-02T15:04"
	for _, layout := range momentLayouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at.Format(normal)
		}
	}
	if days, err := strconv.ParseFloat(text, 64); err == nil && days >= 60 && days < 100_000 {
		return epoch.Add(time.Duration(math.Round(days*24*60)) * time.Minute).Format(normal)
	}
	return text
}

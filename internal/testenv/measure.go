package testenv

import (
	"testing"
	"time"
)

// Measure benchmarks ours, and reports it beside raw: the same work without our code. The two are measured in turn, and the
// best of each is compared, so that another process on the machine does not decide.
func Measure(b *testing.B, raw, ours func() error) {
	b.Helper()
	rawOp, op := time.Hour, time.Hour
	for range 50 {
		rawOp, op = min(rawOp, time100(b, raw)), min(op, time100(b, ours))
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := ours(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(op), "best-ns/op")
	b.ReportMetric(float64(rawOp), "raw-ns/op")
	b.ReportMetric(float64(op)/float64(rawOp), "x-raw")
	b.ReportMetric(1e9/float64(op), "op/s")
}

// time100 is how long each of a hundred calls takes.
func time100(b *testing.B, f func() error) time.Duration {
	b.Helper()
	start := time.Now()
	for range 100 {
		if err := f(); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start) / 100
}

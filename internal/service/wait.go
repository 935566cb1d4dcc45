package service

import (
	"context"
	"time"
)

// Backoff waits between a failure and the next try: doubled each time, up to the last.
const (
	firstWait = 250 * time.Millisecond
	lastWait  = 30 * time.Second
)

// Backoff is how long to wait after so many failures in a row (from 1): a quarter of a second, doubled each time, and never
// more than half a minute.
func Backoff(failures int) time.Duration {
	d := firstWait
	for i := 1; i < failures && d < lastWait; i++ {
		d *= 2
	}
	return min(d, lastWait)
}

// Wait waits d; it reports false when ctx ended first.
func Wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return ctx.Err() == nil
	}
}

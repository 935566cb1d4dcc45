package service

import (
	"context"
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]time.Duration{0: 250 * time.Millisecond, 1: 250 * time.Millisecond, 2: 500 * time.Millisecond, 7: 16 * time.Second, 8: 30 * time.Second, 1 << 40: 30 * time.Second} {
		if got := Backoff(n); got != want {
			t.Errorf("after %d: %s, want %s", n, got, want)
		}
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	if !Wait(t.Context(), time.Nanosecond) {
		t.Error("it did not wait to the end")
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if Wait(ctx, time.Hour) || Wait(ctx, 0) {
		t.Error("the end of the context was not seen")
	}
}

package service

import (
	"context"
	"errors"
	"testing"
)

// A part that fails is started again, and the others go on; Run returns when all have ended.
func TestGroup(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var g Group
	starts := make(chan int, 3)
	n := 0
	g.Add("fails twice", func(ctx context.Context) error {
		n++
		starts <- n
		switch n {
		case 1:
			return errors.New("first")
		case 2:
			panic("second")
		}
		<-ctx.Done()
		return nil
	})
	steady := make(chan struct{})
	g.Add("steady", func(ctx context.Context) error {
		close(steady)
		<-ctx.Done()
		return nil
	})
	done := make(chan struct{})
	go func() {
		g.Run(ctx)
		close(done)
	}()
	for want := 1; want <= 3; want++ {
		if got := <-starts; got != want {
			t.Fatalf("start %d, want %d", got, want)
		}
	}
	<-steady
	if f := g.Failing(); len(f) != 0 {
		t.Errorf("failing %v, want none: both run", f)
	}
	stop()
	<-done
}

// While a part waits to be started again, it is told as down.
func TestFailing(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	g := Group{}
	down := errors.New("down")
	begun := make(chan struct{}, 100)
	g.Add("part", func(context.Context) error {
		begun <- struct{}{}
		return down
	})
	done := make(chan struct{})
	go func() {
		g.Run(ctx)
		close(done)
	}()
	<-begun
	<-begun // the first failure has been noted
	for !errors.Is(g.Failing()["part"], down) {
		if ctx.Err() != nil {
			t.Fatal("never told")
		}
	}
	stop()
	<-done
}

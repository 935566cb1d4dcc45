// Package connectortest is the one conformance suite that every connector passes: a named subtest for each sentence of
// the contract in package connector.
//
// A connector's test gives a harness: a real system of its kind (a folder, an HTTP server, a database file), and how to
// make it do what the suite needs. What a harness leaves nil its medium does not have; that subtest is then skipped with
// the reason, so that a difference is seen.
package connectortest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/moxkit/mox/connector"
)

// Item is what the suite puts into a system: a record or an effect with these fields.
type Item struct {
	ID    string // field "id": "1", "2", … in the order in which they are put in
	Titel string // field "titel"
}

// items makes the items from … to.
func items(from, to int) []Item {
	var made []Item
	for i := from; i <= to; i++ {
		made = append(made, Item{ID: fmt.Sprint(i), Titel: fmt.Sprintf("%s %d", private, i)})
	}
	return made
}

// private is in every title, and in no error and no log.
const private = "Skødevej opført på Ærø"

// log keeps what a connector logs.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *log) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// checkPrivate reports a secret or a record's value in a text.
func checkPrivate(t *testing.T, where, text, secret string) {
	t.Helper()
	if secret != "" && strings.Contains(text, secret) {
		t.Errorf("%s has the secret: %s", where, text)
	}
	if strings.Contains(text, private) {
		t.Errorf("%s has a record's value: %s", where, text)
	}
}

// checkAway checks the error of a call to a system that is away: temporary, and without effect.
func checkAway(t *testing.T, what string, err error) {
	t.Helper()
	var e *connector.Error
	switch {
	case err == nil:
		t.Errorf("%s: no error from a system that is away", what)
	case !errors.As(err, &e):
		t.Errorf("%s: error is a %T, want *connector.Error: %v", what, err, err)
	case !e.Temporary || e.Unknown:
		t.Errorf("%s: Temporary = %v, Unknown = %v, want true, false: %v", what, e.Temporary, e.Unknown, err)
	}
}

// checkCanceled checks the error of a call whose context was cancelled.
func checkCanceled(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, context.Canceled) && !connector.Temporary(err) {
		t.Errorf("%s: error = %v, want context.Canceled, or temporary", what, err)
	}
}

// cancelWhen gives a context that is cancelled when the system has been asked; at once when asked is nil.
func cancelWhen(t *testing.T, asked <-chan struct{}) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	if asked == nil {
		cancel()
		return ctx
	}
	go func() {
		select {
		case <-asked:
		case <-t.Context().Done():
		}
		cancel()
	}()
	return ctx
}

package connectortest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox/connector"
)

// SinkHarness is a system to write to. The suite's calls have Operation "opret", Vars "key", and the fields of an [Item];
// Key and Vars["key"] differ for each item.
type SinkHarness struct {
	// Open makes a sink on the system, with a lookup of the call unless NoLookup.
	Open func(t *testing.T, env connector.Env) connector.Sink
	// OpenPlain makes one without a lookup.
	OpenPlain func(t *testing.T, env connector.Env) connector.Sink
	// Effects gives what has been done at the system, repetitions included, in the order in which it was done if the
	// system knows it.
	Effects func(t *testing.T) []Item
	// Accepted is the code of an answer that accepts.
	Accepted string
	// Refuse makes the system refuse the call, in its own words.
	Refuse func(t *testing.T, c connector.Call)
	// Away makes the system unreachable.
	Away func(t *testing.T)

	// What follows may be nil.

	// NoLookup says that the medium cannot be asked what it has done.
	NoLookup bool
	// OpenUnknown makes a sink with {{findes_ikke}} in a template that calls use.
	OpenUnknown func(t *testing.T, env connector.Env) connector.Sink
	// LoseAnswer makes the system do what it is asked, and the connection break before its answer.
	LoseAnswer func(t *testing.T)
	// Hang makes the system not answer until the test ends. asked is closed, or gets a value, when it is asked.
	Hang func(t *testing.T) (asked <-chan struct{})
	// Document gives the bytes that the system has received for the call's document "dokument".
	Document func(t *testing.T, c connector.Call) []byte
	// Secret is what the sink logs in with.
	Secret string
}

// RunSink runs the suite for sinks.
func RunSink(t *testing.T, open func(t *testing.T) SinkHarness) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, h SinkHarness)
	}{
		{"WriteHasEffectOnce", effectOnce},
		{"WriteFromManyGoroutines", manyGoroutines},
		{"RefusalIsAnAnswer", refusalIsAnswer},
		{"LookupFindsEffect", lookupFinds},
		{"LookupWithoutConfigIsErrNoLookup", lookupNone},
		{"DownIsTemporaryAndKnown", sinkAway},
		{"LostAnswerIsUnknown", lostAnswer},
		{"CancelUnblocks", sinkCancel},
		{"NoSecretInErrorOrLog", sinkSecrets},
		{"CloseTwice", sinkCloseTwice},
		{"CheckHasNoEffect", checkNoEffect},
		{"UnknownTemplateName", unknownName},
		{"UnsendableFieldIsKnown", unsendable},
		{"Unicode", unicode},
		{"ContentIsSent", contentIsSent},
		{"ContentFailsKnown", contentFails},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, open(t))
		})
	}
}

// call makes the call for an item.
func call(item Item) connector.Call {
	return connector.Call{
		Operation: "opret", Key: "noegle-" + item.ID,
		Vars:   map[string]string{"key": "S-" + item.ID, "besked.version": "1"},
		Fields: map[string]any{"id": item.ID, "titel": item.Titel},
	}
}

func (h SinkHarness) open(t *testing.T) connector.Sink {
	t.Helper()
	s := h.Open(t, connector.Env{})
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func (h SinkHarness) wantEffects(t *testing.T, want ...Item) {
	t.Helper()
	got := h.Effects(t)
	byID := func(a, b Item) int { return connector.NaturalCompare(a.ID, b.ID) }
	slices.SortFunc(got, byID)
	if diff := cmp.Diff(append([]Item{}, want...), append([]Item{}, got...)); diff != "" {
		t.Errorf("effects at the system (-want +got):\n%s", diff)
	}
}

func effectOnce(t *testing.T, h SinkHarness) {
	s := h.open(t)
	for _, item := range items(1, 3) {
		a, err := s.Write(t.Context(), call(item))
		if err != nil {
			t.Fatalf("Write: %v", err)
		}
		if a.Code != h.Accepted || a.Text != "" {
			t.Fatalf("answer %q %q, want %q and no text", a.Code, a.Text, h.Accepted)
		}
		if len(a.Raw) > connector.MaxAnswerRaw {
			t.Errorf("Raw has %d bytes", len(a.Raw))
		}
	}
	h.wantEffects(t, items(1, 3)...)
}

func manyGoroutines(t *testing.T, h SinkHarness) {
	s := h.open(t)
	var wait sync.WaitGroup
	for _, item := range items(1, 8) {
		wait.Go(func() {
			if _, err := s.Write(t.Context(), call(item)); err != nil {
				t.Errorf("Write: %v", err)
			}
		})
	}
	wait.Wait()
	h.wantEffects(t, items(1, 8)...)
}

func refusalIsAnswer(t *testing.T, h SinkHarness) {
	s, c := h.open(t), call(items(1, 1)[0])
	h.Refuse(t, c)
	a, err := s.Write(t.Context(), c)
	if err != nil {
		t.Fatalf("Write: %v, want an answer", err)
	}
	if a.Code == h.Accepted || a.Code == "" || a.Text == "" {
		t.Errorf("answer %q %q, want the system's code and words", a.Code, a.Text)
	}
	h.wantEffects(t)
}

func lookupFinds(t *testing.T, h SinkHarness) {
	if h.NoLookup {
		t.Skip("the medium cannot be asked what it has done")
	}
	s, c := h.open(t), call(items(1, 1)[0])
	if _, found, err := s.Lookup(t.Context(), c); found || err != nil {
		t.Fatalf("Lookup before Write: found = %v, %v", found, err)
	}
	written, err := s.Write(t.Context(), c)
	if err != nil {
		t.Fatalf("Write: %v", err)
	}
	a, found, err := s.Lookup(t.Context(), c)
	if !found || err != nil {
		t.Fatalf("Lookup after Write: found = %v, %v", found, err)
	}
	for name, value := range written.Fields {
		if got, ok := a.Fields[name]; ok && got != value {
			t.Errorf("Lookup has %s = %q, Write had %q", name, got, value)
		}
	}
	if len(a.Fields) == 0 {
		t.Error("Lookup has no fields, want those of the answer to Write")
	}
	if _, found, err := s.Lookup(t.Context(), call(items(2, 2)[0])); found || err != nil {
		t.Errorf("Lookup of another call: found = %v, %v", found, err)
	}
	h.wantEffects(t, items(1, 1)...)
	h.Away(t)
	_, found, err = s.Lookup(t.Context(), c)
	checkAway(t, "Lookup", err)
	if found {
		t.Error("Lookup found something at a system that is away")
	}
}

func lookupNone(t *testing.T, h SinkHarness) {
	s := h.OpenPlain(t, connector.Env{})
	defer s.Close()
	if _, _, err := s.Lookup(t.Context(), call(items(1, 1)[0])); !errors.Is(err, connector.ErrNoLookup) {
		t.Errorf("Lookup = %v, want ErrNoLookup", err)
	}
}

func sinkAway(t *testing.T, h SinkHarness) {
	s := h.open(t)
	h.Away(t)
	_, err := s.Write(t.Context(), call(items(1, 1)[0]))
	checkAway(t, "Write", err)
	checkAway(t, "Check", s.Check(t.Context()))
}

func lostAnswer(t *testing.T, h SinkHarness) {
	if h.LoseAnswer == nil {
		t.Skip("the medium cannot do a thing and lose the answer")
	}
	s := h.open(t)
	if _, err := s.Write(t.Context(), call(items(1, 1)[0])); err != nil {
		t.Fatalf("Write: %v", err)
	}
	h.LoseAnswer(t)
	_, err := s.Write(t.Context(), call(items(2, 2)[0])) // on the connection of the first, as in life
	if !connector.Temporary(err) || !connector.Unknown(err) {
		t.Errorf("Write = %v, want temporary and unknown", err)
	}
	h.wantEffects(t, items(1, 2)...)
}

func sinkCancel(t *testing.T, h SinkHarness) {
	s := h.open(t)
	if h.Hang == nil {
		_, err := s.Write(cancelWhen(t, nil), call(items(1, 1)[0]))
		checkCanceled(t, "Write", err)
		if connector.Unknown(err) {
			t.Errorf("Write = %v: cancelled before it began, its outcome is known", err)
		}
		h.wantEffects(t)
		return
	}
	_, err := s.Write(cancelWhen(t, h.Hang(t)), call(items(1, 1)[0]))
	checkCanceled(t, "Write", err)
	if !connector.Unknown(err) {
		t.Errorf("Write = %v: the system had the call, its outcome is unknown", err)
	}
}

func sinkSecrets(t *testing.T, h SinkHarness) {
	var l log
	s := h.Open(t, connector.Env{Logger: l.logger()})
	defer s.Close()
	c := call(items(1, 1)[0])
	_, err1 := s.Write(t.Context(), c)
	c.Fields["galt"] = []string{private} // no value that can be sent
	_, err2 := s.Write(t.Context(), c)
	c = call(items(2, 2)[0])
	c.Vars["key"], c.Key = private, private
	h.Away(t)
	_, err3 := s.Write(t.Context(), c)
	_, _, err4 := s.Lookup(t.Context(), c)
	for _, err := range []error{err1, err2, err3, err4, s.Check(t.Context())} {
		if err != nil {
			checkPrivate(t, "error", err.Error(), h.Secret)
		}
	}
	checkPrivate(t, "log", l.String(), h.Secret)
}

func sinkCloseTwice(t *testing.T, h SinkHarness) {
	s := h.Open(t, connector.Env{})
	if _, err := s.Write(t.Context(), call(items(1, 1)[0])); err != nil {
		t.Fatalf("Write: %v", err)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func checkNoEffect(t *testing.T, h SinkHarness) {
	if err := h.open(t).Check(t.Context()); err != nil && !errors.Is(err, connector.ErrUntried) {
		t.Errorf("Check: %v", err)
	}
	h.wantEffects(t)
}

func unknownName(t *testing.T, h SinkHarness) {
	if h.OpenUnknown == nil {
		t.Skip("the sink has no templates")
	}
	s := h.OpenUnknown(t, connector.Env{})
	defer s.Close()
	_, err := s.Write(t.Context(), call(items(1, 1)[0]))
	if err == nil || connector.Temporary(err) || connector.Unknown(err) || !strings.Contains(err.Error(), "findes_ikke") {
		t.Errorf("Write = %v, want a permanent, known error that names findes_ikke", err)
	}
	h.wantEffects(t)
}

func unsendable(t *testing.T, h SinkHarness) {
	c := call(items(1, 1)[0])
	c.Fields["titel"] = struct{}{}
	_, err := h.open(t).Write(t.Context(), c)
	if err == nil || connector.Temporary(err) || connector.Unknown(err) || !strings.Contains(err.Error(), "titel") {
		t.Errorf("Write = %v, want a permanent, known error that names the field", err)
	}
	h.wantEffects(t)
}

func unicode(t *testing.T, h SinkHarness) {
	s := h.open(t)
	item := Item{ID: "1", Titel: `Rødgrød & fløde <Ærø>; "Åbyhøj" 'Éa' €`}
	if _, err := s.Write(t.Context(), call(item)); err != nil {
		t.Fatalf("Write: %v", err)
	}
	h.wantEffects(t, item)
}

func contentIsSent(t *testing.T, h SinkHarness) {
	if h.Document == nil {
		t.Skip("the sink takes no documents")
	}
	want := slices.Repeat([]byte("%PDF-1.7\x00\xff"), 10_000)
	c := call(items(1, 1)[0])
	c.Content = map[string]connector.Opener{"dokument": func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(want)), nil
	}}
	a, err := h.open(t).Write(t.Context(), c)
	if err != nil || a.Code != h.Accepted {
		t.Fatalf("Write: %q %q, %v", a.Code, a.Text, err)
	}
	if got := h.Document(t, c); !bytes.Equal(got, want) {
		t.Errorf("the system has %d bytes, want %d", len(got), len(want))
	}
}

func contentFails(t *testing.T, h SinkHarness) {
	if h.Document == nil {
		t.Skip("the sink takes no documents")
	}
	c := call(items(1, 1)[0])
	c.Content = map[string]connector.Opener{"dokument": func(context.Context) (io.ReadCloser, error) {
		return nil, errors.New("the store is away")
	}}
	_, err := h.open(t).Write(t.Context(), c)
	checkAway(t, "Write", err)
	h.wantEffects(t)
}

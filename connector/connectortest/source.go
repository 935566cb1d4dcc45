package connectortest

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox/connector"
)

// SourceHarness is a system to read from.
type SourceHarness struct {
	// Open makes a source on the system. It may be called more than once: then MOX was started again.
	Open func(t *testing.T, env connector.Env) connector.Source
	// Add gives the system records, after those it has.
	Add func(t *testing.T, items ...Item)
	// Away makes the system unreachable.
	Away func(t *testing.T)

	// What follows may be nil.

	// AddBroken gives the system a record that can be found and not read.
	AddBroken func(t *testing.T)
	// AddForeign gives the system a record with a byte that its charset does not have.
	AddForeign func(t *testing.T)
	// Begin starts to write records, and finish has them be whole.
	Begin func(t *testing.T, items ...Item) (finish func())
	// Hang makes the system not answer until the test ends. asked is closed, or gets a value, when it is asked.
	Hang func(t *testing.T) (asked <-chan struct{})
	// Put gives the system a document, and the reference by which a record would name it.
	Put func(t *testing.T, content []byte) (ref string)
	// Outside are references to what the source may not read.
	Outside []string
	// Secret is what the source logs in with.
	Secret string
}

// RunSource runs the suite for sources.
func RunSource(t *testing.T, open func(t *testing.T) SourceHarness) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, h SourceHarness)
	}{
		{"ReadInOrder", readInOrder},
		{"NothingNewKeepsThePosition", nothingNew},
		{"MarkAndResume", markAndResume},
		{"SamePositionSameRecords", samePosition},
		{"HalfWrittenIsInvisible", halfWritten},
		{"BrokenRecordIsKeptNotSkipped", brokenIsKept},
		{"NotInCharset", notInCharset},
		{"LargeListingInBatches", largeListing},
		{"CommittedTwice", committedTwice},
		{"CommittedLeftOut", committedLeftOut},
		{"CancelUnblocks", sourceCancel},
		{"NoSecretInErrorOrLog", sourceSecrets},
		{"CloseTwice", sourceCloseTwice},
		{"CheckFailsWhenSystemIsAway", sourceAway},
		{"ForeignPositionIsRefused", foreignPosition},
		{"ContentOpens", contentOpens},
		{"ContentOpenRefusesOutside", contentOutside},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, open(t))
		})
	}
}

func (h SourceHarness) open(t *testing.T) connector.Source {
	t.Helper()
	s := h.Open(t, connector.Env{})
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// read reads one batch and checks what holds for all.
func read(t *testing.T, s connector.Source, position string) connector.Batch {
	t.Helper()
	b, err := s.Read(t.Context(), position)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	if len(b.Records) > connector.MaxBatch {
		t.Fatalf("Read gave %d records, the most is %d", len(b.Records), connector.MaxBatch)
	}
	if len(b.Records) > 0 && b.Position == position {
		t.Fatal("Read gave records and did not move the position")
	}
	return b
}

// readAll reads to the end.
func readAll(t *testing.T, s connector.Source, position string) (all []connector.Record, end string) {
	t.Helper()
	for {
		b := read(t, s, position)
		all, position = append(all, b.Records...), b.Position
		if !b.More {
			return all, position
		}
	}
}

// ids gives the id of each record, "!" for a broken one.
func ids(records []connector.Record) []string {
	made := []string{}
	for _, r := range records {
		if r.Err != nil {
			made = append(made, "!")
		} else {
			made = append(made, r.Fields["id"])
		}
	}
	return made
}

func wantIDs(t *testing.T, records []connector.Record, want []Item) {
	t.Helper()
	wanted := []string{}
	for _, item := range want {
		wanted = append(wanted, item.ID)
	}
	if diff := cmp.Diff(wanted, ids(records)); diff != "" {
		t.Fatalf("records (-want +got):\n%s", diff)
	}
}

func readInOrder(t *testing.T, h SourceHarness) {
	h.Add(t, items(1, 2)...)
	h.Add(t, items(3, 12)...)
	got, _ := readAll(t, h.open(t), "")
	wantIDs(t, got, items(1, 12))
	for i, r := range got {
		if want := items(i+1, i+1)[0].Titel; r.Fields["titel"] != want {
			t.Errorf("titel = %q, want %q", r.Fields["titel"], want)
		}
		if r.Place.File == "" || len(r.Raw) == 0 {
			t.Errorf("record %d: Place = %v, %d bytes Raw; want both", i+1, r.Place, len(r.Raw))
		}
	}
}

func nothingNew(t *testing.T, h SourceHarness) {
	h.Add(t, items(1, 3)...)
	s := h.open(t)
	_, end := readAll(t, s, "")
	if b := read(t, s, end); len(b.Records) > 0 || b.Position != end || b.More {
		t.Errorf("after the end: %v, More = %v, position %q, want nothing and %q", ids(b.Records), b.More, b.Position, end)
	}
}

func markAndResume(t *testing.T, h SourceHarness) {
	s, position := h.open(t), ""
	type mark struct {
		position string
		given    int
	}
	var marks []mark
	for n := 1; n < 10; n += 3 {
		h.Add(t, items(n, n+2)...)
		got, end := readAll(t, s, position)
		wantIDs(t, got, items(n, n+2))
		position = end
		marks = append(marks, mark{end, n + 2})
	}
	for _, m := range marks {
		got, _ := readAll(t, h.open(t), m.position)
		wantIDs(t, got, items(m.given+1, 9))
	}
}

func samePosition(t *testing.T, h SourceHarness) {
	h.Add(t, items(1, 3)...)
	s := h.open(t)
	_, mark := readAll(t, s, "")
	h.Add(t, items(4, 6)...)
	first := read(t, s, mark)
	wantIDs(t, first.Records, items(4, 6))
	for name, other := range map[string]connector.Source{"again": s, "after a restart": h.open(t)} {
		if diff := cmp.Diff(first, read(t, other, mark)); diff != "" {
			t.Errorf("%s (-first +second):\n%s", name, diff)
		}
	}
}

func halfWritten(t *testing.T, h SourceHarness) {
	if h.Begin == nil {
		t.Skip("the medium has no half-written records")
	}
	h.Add(t, items(1, 2)...)
	finish := h.Begin(t, items(3, 4)...)
	s := h.open(t)
	got, position := readAll(t, s, "")
	wantIDs(t, got, items(1, 2))
	finish()
	got, _ = readAll(t, s, position)
	wantIDs(t, got, items(3, 4))
}

func brokenIsKept(t *testing.T, h SourceHarness) {
	if h.AddBroken == nil {
		t.Skip("the medium has no broken records")
	}
	wantBroken(t, h, h.AddBroken)
}

func notInCharset(t *testing.T, h SourceHarness) {
	if h.AddForeign == nil {
		t.Skip("the medium has no bytes outside the charset")
	}
	wantBroken(t, h, h.AddForeign)
}

// wantBroken checks that a record that cannot be read comes at its place, with its bytes and reason, and no other is lost.
func wantBroken(t *testing.T, h SourceHarness, add func(*testing.T)) {
	t.Helper()
	h.Add(t, items(1, 2)...)
	add(t)
	h.Add(t, items(3, 4)...)
	s := h.open(t)
	got, end := readAll(t, s, "")
	if diff := cmp.Diff([]string{"1", "2", "!", "3", "4"}, ids(got)); diff != "" {
		t.Fatalf("records (-want +got):\n%s", diff)
	}
	r := got[2]
	if len(r.Fields) > 0 || len(r.Raw) == 0 || r.Place.File == "" {
		t.Errorf("broken record: %d fields, %d bytes Raw, place %v; want none, some, a place", len(r.Fields), len(r.Raw), r.Place)
	}
	if b := read(t, s, end); len(b.Records) > 0 {
		t.Errorf("the broken record comes again: %v", ids(b.Records))
	}
}

func largeListing(t *testing.T, h SourceHarness) {
	const n = 1200
	h.Add(t, items(1, n)...)
	s, position, given := h.open(t), "", 0
	for batches := 1; ; batches++ {
		b := read(t, s, position)
		wantIDs(t, b.Records, items(given+1, given+len(b.Records)))
		given, position = given+len(b.Records), b.Position
		if !b.More {
			break
		}
		if batches > n/50 {
			t.Fatalf("%d batches, and there are more", batches)
		}
		again := read(t, h.open(t), position)
		wantIDs(t, again.Records, items(given+1, given+len(again.Records)))
	}
	if given != n {
		t.Errorf("%d records, want %d", given, n)
	}
}

func committedTwice(t *testing.T, h SourceHarness) {
	h.Add(t, items(1, 3)...)
	s := h.open(t)
	_, end := readAll(t, s, "")
	for _, s := range []connector.Source{s, s, h.open(t)} {
		if err := errors.Join(s.Committed(t.Context(), end), s.Committed(t.Context(), "")); err != nil {
			t.Fatalf("Committed: %v", err)
		}
		if b := read(t, s, end); len(b.Records) > 0 {
			t.Fatalf("after Committed come %v", ids(b.Records))
		}
	}
	h.Add(t, items(4, 4)...)
	got, _ := readAll(t, s, end)
	wantIDs(t, got, items(4, 4))
}

func committedLeftOut(t *testing.T, h SourceHarness) {
	h.Add(t, items(1, 3)...)
	s := h.open(t)
	_, end := readAll(t, s, "")
	h.Add(t, items(4, 4)...)
	got, end := readAll(t, h.open(t), end) // a crash came before Committed
	wantIDs(t, got, items(4, 4))
	if err := s.Committed(t.Context(), end); err != nil {
		t.Fatalf("Committed: %v", err)
	}
	h.Add(t, items(5, 5)...)
	got, _ = readAll(t, h.open(t), end)
	wantIDs(t, got, items(5, 5))
}

func sourceCancel(t *testing.T, h SourceHarness) {
	h.Add(t, items(1, 3)...)
	s := h.open(t)
	var asked <-chan struct{}
	if h.Hang != nil {
		asked = h.Hang(t)
	}
	_, err := s.Read(cancelWhen(t, asked), "")
	checkCanceled(t, "Read", err)
}

func sourceSecrets(t *testing.T, h SourceHarness) {
	h.Add(t, items(1, 3)...)
	var l log
	s := h.Open(t, connector.Env{Logger: l.logger()})
	defer s.Close()
	_, end := readAll(t, s, "")
	_, err1 := s.Open(t.Context(), private)
	h.Away(t)
	_, err2 := s.Read(t.Context(), end)
	err3 := s.Check(t.Context())
	_, err4 := s.Open(t.Context(), private)
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			checkPrivate(t, "error", err.Error(), h.Secret)
		}
	}
	checkPrivate(t, "log", l.String(), h.Secret)
}

func sourceCloseTwice(t *testing.T, h SourceHarness) {
	h.Add(t, items(1, 1)...)
	s := h.Open(t, connector.Env{})
	readAll(t, s, "")
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func sourceAway(t *testing.T, h SourceHarness) {
	h.Add(t, items(1, 1)...)
	s := h.open(t)
	if err := s.Check(t.Context()); err != nil {
		t.Fatalf("Check of a system that is there: %v", err)
	}
	wantIDs(t, first(readAll(t, s, "")), items(1, 1)) // Check had no effect
	h.Away(t)
	checkAway(t, "Check", s.Check(t.Context()))
	_, err := s.Read(t.Context(), "")
	checkAway(t, "Read", err)
}

func first(records []connector.Record, _ string) []connector.Record { return records }

func foreignPosition(t *testing.T, h SourceHarness) {
	h.Add(t, items(1, 1)...)
	_, err := h.open(t).Read(t.Context(), "en position fra en anden slags kilde")
	if err == nil || connector.Temporary(err) {
		t.Errorf("Read = %v, want a permanent error", err)
	}
}

func contentOpens(t *testing.T, h SourceHarness) {
	if h.Put == nil {
		t.Skip("the medium has no documents")
	}
	want := slices.Repeat([]byte("%PDF-1.7\x00\xff"), 10_000)
	ref := h.Put(t, want)
	s := h.open(t)
	r, err := s.Open(t.Context(), ref)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %d bytes, %v; want %d", len(got), err, len(want))
	}
}

func contentOutside(t *testing.T, h SourceHarness) {
	s := h.open(t)
	refs := append([]string{""}, h.Outside...)
	for _, ref := range refs {
		r, err := s.Open(context.WithoutCancel(t.Context()), ref)
		var e *connector.Error
		switch {
		case err == nil:
			r.Close()
			t.Errorf("Open(%q) was let through", ref)
		case !errors.As(err, &e) || e.Temporary:
			t.Errorf("Open(%q) = %v, want a permanent *connector.Error", ref, err)
		}
	}
}

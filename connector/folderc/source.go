package folderc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/internal/records"
)

// maxFiles is how many files one batch may end, so that the position stays short.
const maxFiles = 100

// Source reads records from files in a folder.
type Source struct {
	config SourceConfig
	env    connector.Env
	place  Place

	seen map[string]sighting // what stabil waits for
	sums map[string]summed   // so that files that could not be moved are not read again and again
	open *reading            // the file that the last Read ended in
}

var _ connector.Source = (*Source)(nil)

// NewSource makes a source. The folder is looked at by the first call.
func NewSource(c SourceConfig, env connector.Env) (*Source, error) {
	if err := connector.Invalid(c.Validate()); err != nil {
		return nil, err
	}
	return NewSourceAt(local(env.Path(c.Path)), c, env), nil
}

// NewSourceAt makes a source on a folder anywhere; c has been validated, but for its type and path.
func NewSourceAt(place Place, c SourceConfig, env connector.Env) *Source {
	return &Source{config: c.withDefaults(), env: env, place: place, sums: map[string]summed{}}
}

// Read implements [connector.Source]. A batch ends within a file, or with one; with eksport: fuld it never has records of
// two.
func (s *Source) Read(ctx context.Context, text string) (connector.Batch, error) {
	const op = "læs mappe"
	p, err := parsePosition(text)
	if err != nil {
		return connector.Batch{}, &connector.Error{Op: op, Err: err}
	}
	if err := ctx.Err(); err != nil {
		return connector.Batch{}, &connector.Error{Op: op, Err: err, Temporary: true}
	}
	dir, err := s.place.Open(ctx)
	if err != nil {
		return connector.Batch{}, s.place.failure(op, err)
	}
	defer dir.Close()
	b, err := s.read(ctx, dir, p)
	if err != nil {
		return connector.Batch{}, s.place.failure(op, err)
	}
	if !b.news() {
		return connector.Batch{Position: text}, nil
	}
	return b.Batch, nil
}

// batch is a [connector.Batch] being filled.
type batch struct {
	connector.Batch
	p     position
	files int // read to their end
}

func (b *batch) full() bool { return len(b.Records) == connector.MaxBatch }
func (b *batch) news() bool { return len(b.Records) > 0 || b.files > 0 }

func (s *Source) read(ctx context.Context, dir Dir, p position) (*batch, error) {
	all, err := s.list(dir)
	if err != nil {
		return nil, err
	}
	if len(p.Read) >= maxUnmoved {
		return nil, fmt.Errorf("%d læste filer kan ikke flyttes til %s; giv MOX ret til det, eller flyt dem selv", len(p.Read), s.config.Behandlet)
	}
	b := &batch{p: p}
	b.p.Read = present(p.Read, all)
	if err := s.resume(dir, b); err != nil {
		return nil, err
	}
	rest, err := s.readFiles(ctx, dir, b, s.ready(dir, all))
	if err != nil && !b.news() {
		return nil, err
	}
	b.Position = b.p.String()
	b.More = err != nil || b.p.File != "" || rest
	return b, nil
}

// present keeps the read files that are still in the folder.
func present(read []readFile, all []candidate) []readFile {
	names := map[string]bool{}
	for _, c := range all {
		names[c.name] = true
	}
	var kept []readFile
	for _, r := range read {
		if names[r.File] {
			kept = append(kept, r)
		}
	}
	return kept
}

// resume reads on in the file that the position is in.
func (s *Source) resume(dir Dir, b *batch) error {
	p := &b.p
	if p.File == "" {
		return nil
	}
	if o := s.open; o != nil && o.name == p.File && o.sum == p.Sum && o.given == p.Records {
		s.take(o, b)
		return nil
	}
	f, err := load(dir, p.File, s.config.MaxFil)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errChanging) {
		return err
	}
	if err != nil || f.sum != p.Sum {
		b.Records = append(b.Records, s.vanished(*p))
		p.File, p.Sum, p.Records, p.Broken = "", "", 0, 0
		return nil
	}
	r := s.start(f)
	for r.given < p.Records {
		if _, ok := r.records.Next(); !ok {
			break
		}
		r.given++
	}
	s.take(r, b)
	return nil
}

// vanished is the record that stands for the rest of a file that is no longer there, or is no longer the same.
func (s *Source) vanished(p position) connector.Record {
	return connector.Record{
		Place: connector.Place{File: p.File, Record: p.Records + 1},
		Err:   fmt.Errorf("filen blev fjernet eller ændret, da %d poster var læst; resten er ikke læst: læg filen i mappen igen", p.Records),
	}
}

// readFiles reads files until the batch is full, and reports whether there are more.
func (s *Source) readFiles(ctx context.Context, dir Dir, b *batch, ready []candidate) (rest bool, err error) {
	for i, c := range ready {
		if b.full() || b.files == maxFiles || s.isFull() && b.news() {
			unread := func(c candidate) bool { return !b.p.knows(c.name) }
			return slices.ContainsFunc(ready[i:], unread), nil
		}
		if err := ctx.Err(); err != nil {
			return true, err
		}
		if err := s.readFile(dir, b, c); err != nil {
			return true, err
		}
	}
	return false, nil
}

// isFull reports whether each file is a complete listing.
func (s *Source) isFull() bool { return s.config.Eksport == connector.EksportFuld }

// readFile reads one file, unless it has been read, or turns out not to be whole.
func (s *Source) readFile(dir Dir, b *batch, c candidate) error {
	if b.p.knows(c.name) {
		sum, err := s.sum(dir, c)
		if err == nil && b.p.has(c.name, sum) {
			return nil
		}
	}
	f, err := load(dir, c.name, s.config.MaxFil)
	if errors.Is(err, errChanging) || errors.Is(err, fs.ErrNotExist) {
		return nil // it will be there another time, or not
	}
	if err != nil {
		return err
	}
	b.p.File, b.p.Sum, b.p.Records, b.p.Broken = f.name, f.sum, 0, 0
	s.take(s.start(f), b)
	return nil
}

// reading is a file being read, with how far.
type reading struct {
	file
	records records.Reader
	given   int
}

func (s *Source) start(f file) *reading {
	if f.tooLarge {
		err := fmt.Errorf("filen er på %d byte, over grænsen på %s; bed systemet om mindre filer, eller hæv max_fil", f.size, s.config.MaxFil)
		return &reading{file: f, records: records.Refuse(f.name, nil, err)}
	}
	return &reading{file: f, records: s.config.parse(f.name, f.content)}
}

// take gives records of a file until the batch is full or the file ends.
func (s *Source) take(r *reading, b *batch) {
	s.open = r
	for !b.full() {
		record, ok := r.records.Next()
		if !ok {
			b.Full = s.isFull() && b.p.Broken == 0 && r.records.Whole() && r.size > 0
			b.p.end(!r.records.Whole())
			b.files++
			s.open = nil
			return
		}
		r.given++
		b.p.Records++
		if record.Err != nil {
			b.p.Broken++
		}
		b.Records = append(b.Records, record)
	}
}

// Committed implements [connector.Source]: it moves the files that the position has read to their end, and their markers,
// to the subfolder behandlet, or afvist where a file could not be read to its end. One that cannot be moved is not read
// again as long as the position remembers it.
func (s *Source) Committed(ctx context.Context, text string) error {
	const op = "flyt læst fil"
	p, err := parsePosition(text)
	if err != nil {
		return &connector.Error{Op: op, Err: err}
	}
	if len(p.Read) == 0 {
		return nil
	}
	dir, err := s.place.Open(ctx)
	if err != nil {
		return s.place.failure(op, err)
	}
	defer dir.Close()
	var errs []error
	for _, r := range p.Read {
		if err := ctx.Err(); err != nil {
			return &connector.Error{Op: op, Err: err, Temporary: true}
		}
		if err := s.move(dir, r); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	err = fmt.Errorf("%d læste filer kan ikke flyttes til undermappen %s: %w", len(errs), s.config.Behandlet, unwrapPath(errs[0]))
	return s.place.failure(op, err)
}

// Open implements [connector.Source]: ref is a file below the folder, with / or \ between folders. A file that is not
// there may still be on its way, so that is temporary.
func (s *Source) Open(ctx context.Context, ref string) (io.ReadCloser, error) {
	const op = "åbn dokument"
	name := path.Clean(strings.ReplaceAll(ref, `\`, "/"))
	if !fs.ValidPath(name) || name == "." {
		return nil, &connector.Error{Op: op, Err: errors.New("henvisningen er ikke en fil under kildens mappe")}
	}
	dir, err := s.place.Open(ctx)
	if err != nil {
		return nil, s.place.failure(op, err)
	}
	f, err := dir.Open(name)
	if err == nil {
		return document{f, dir, s.place}, nil
	}
	defer dir.Close()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = errors.New("dokumentet er der ikke (endnu)")
		return nil, &connector.Error{Op: op, Err: err, Temporary: true}
	case errors.Is(err, fs.ErrPermission) || errors.Is(err, ErrLost):
		return nil, s.place.failure(op, err)
	}
	return nil, &connector.Error{Op: op, Err: errors.New("henvisningen er ikke en fil under kildens mappe")}
}

// document is a file that is read while its folder is open.
type document struct {
	fs.File
	dir   Dir
	place Place
}

func (d document) Read(p []byte) (int, error) {
	n, err := d.File.Read(p)
	if err != nil && err != io.EOF {
		err = d.place.failure("læs dokument", err)
	}
	return n, err
}

func (d document) Close() error { return errors.Join(d.File.Close(), d.dir.Close()) }

// Check implements [connector.Source]: the folder can be read, and files can be moved in it. It leaves nothing behind.
func (s *Source) Check(ctx context.Context) error {
	const op = "læs mappe"
	dir, err := s.place.Open(ctx)
	if err != nil {
		return s.place.failure(op, err)
	}
	defer dir.Close()
	if _, err := dir.ReadDir(); err != nil {
		return s.place.failure(op, err)
	}
	if err := probe(dir); err != nil {
		return s.place.failure("skriv i mappe", err)
	}
	return nil
}

// Close implements [connector.Source].
func (s *Source) Close() error { return s.place.close() }

package folderc

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox/connector"
)

// headSize is how much of a file that is too large to be read tells it from others.
const headSize = 1 << 20

// file is one file, held whole: what is hashed is what is read, whatever the system does to it meanwhile.
type file struct {
	name     string
	sum      string
	content  []byte // nil when tooLarge
	tooLarge bool
	size     int64
}

// errChanging says that a file changed while it was read: it is not whole yet.
var errChanging = errors.New("filen ændres, mens den læses")

// load reads a file of at most max bytes.
func load(dir Dir, name string, max connector.Size) (file, error) {
	f, err := dir.Open(name)
	if err != nil {
		return file{}, err
	}
	defer f.Close()
	before, err := f.Stat()
	if err != nil {
		return file{}, err
	}
	limit := int64(max) + 1
	if before.Size() >= limit {
		limit = headSize
	}
	content, err := io.ReadAll(io.LimitReader(f, limit))
	if err != nil {
		return file{}, err
	}
	after, err := dir.Stat(name)
	if errors.Is(err, ErrLost) {
		return file{}, err
	}
	if err != nil {
		return file{}, errors.Join(errChanging, err)
	}
	if !dir.Same(before, after) {
		return file{}, errChanging
	}
	return newFile(name, before, content, max), nil
}

func newFile(name string, info fs.FileInfo, content []byte, max connector.Size) file {
	h := sha256.Sum256(content)
	f := file{name: name, sum: hex.EncodeToString(h[:]), content: content, size: info.Size()}
	if info.Size() > int64(max) {
		f.sum = fmt.Sprintf("%d:%d:%s", info.Size(), info.ModTime().UnixNano(), f.sum)
		f.content, f.tooLarge = nil, true
	}
	return f
}

// candidate is a file that is whole, as far as the source can see.
type candidate struct {
	name string
	info fs.FileInfo
}

// list gives the source's files that are in the folder, in natural order of names, whole or not.
func (s *Source) list(dir Dir) ([]candidate, error) {
	entries, err := dir.ReadDir()
	if err != nil {
		return nil, err
	}
	var found []candidate
	for _, e := range entries {
		if !e.Type().IsRegular() || !s.config.matches(e.Name()) {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // moved away since
		}
		if err != nil {
			return nil, err
		}
		found = append(found, candidate{e.Name(), info})
	}
	slices.SortFunc(found, func(a, b candidate) int { return connector.NaturalCompare(a.name, b.name) })
	return found, nil
}

// sighting is when a file was first seen as it is.
type sighting struct {
	info fs.FileInfo
	at   time.Time
}

// ready keeps those files that are written to their end.
func (s *Source) ready(dir Dir, all []candidate) []candidate {
	now, seen := s.env.Time(), map[string]sighting{}
	var ready []candidate
	for _, c := range all {
		sight, ok := s.seen[c.name]
		if !ok || !dir.Same(sight.info, c.info) {
			sight = sighting{c.info, now}
		}
		seen[c.name] = sight
		if s.isReady(dir, c.name, now.Sub(sight.at)) {
			ready = append(ready, c)
		}
	}
	s.seen = seen
	maps.DeleteFunc(s.sums, func(name string, _ summed) bool { _, there := seen[name]; return !there })
	return ready
}

func (s *Source) isReady(dir Dir, name string, unchanged time.Duration) bool {
	r := s.config.Faerdig
	if m := s.config.marker(name); m != "" {
		_, err := dir.Lstat(m)
		return err == nil
	}
	return r.Omdoebt || unchanged >= time.Duration(r.Stabil)
}

// summed is a file's content as it was at a look.
type summed struct {
	info fs.FileInfo
	sum  string
}

// sum gives what tells a file's content from others, and reads the file only when it has changed since it last did.
func (s *Source) sum(dir Dir, c candidate) (string, error) {
	if known, ok := s.sums[c.name]; ok && dir.Same(known.info, c.info) {
		return known.sum, nil
	}
	settled := s.settled(dir, c)
	f, err := load(dir, c.name, s.config.MaxFil)
	if err != nil {
		return "", err
	}
	if settled {
		s.sums[c.name] = summed{c.info, f.sum}
	}
	return f.sum, nil
}

// tick is longer than the whole seconds of a coarse folder.
const tick = 2 * time.Second

// settled reports whether the file's times would show it if it were written to from now on: it has been seen as it is
// for longer than they count by.
func (s *Source) settled(dir Dir, c candidate) bool {
	if !dir.Coarse() {
		return true
	}
	sight, ok := s.seen[c.name]
	return ok && dir.Same(sight.info, c.info) && s.env.Time().Sub(sight.at) >= tick
}

// move takes a read file and its marker out of the folder. The marker goes first: left alone in the folder it would
// declare the next file of that name whole before it is.
func (s *Source) move(dir Dir, r readFile) error {
	info, err := dir.Lstat(r.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // moved before
	}
	if err != nil {
		return err
	}
	if sum, err := s.sum(dir, candidate{r.File, info}); err != nil || sum != r.Sum {
		if errors.Is(err, errChanging) || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err // another file by now; it is to be read
	}
	folder := s.config.Behandlet
	if r.Refused {
		folder = s.config.Afvist
	}
	if err := dir.MkdirAll(folder); err != nil {
		return err
	}
	if m := s.config.marker(r.File); m != "" {
		if err := dir.Rename(m, freeName(dir, folder, m, r.Sum)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return s.moveFile(dir, r, info, folder)
}

// moveFile renames, and looks afterwards whether it was the file that was meant: should the system have put another in
// its place in between, that one is put back.
func (s *Source) moveFile(dir Dir, r readFile, info fs.FileInfo, folder string) error {
	target := freeName(dir, folder, r.File, r.Sum)
	if err := dir.Rename(r.File, target); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	delete(s.sums, r.File)
	moved, err := dir.Lstat(target)
	if err != nil || dir.Same(moved, info) && s.settled(dir, candidate{r.File, info}) {
		return err
	}
	if f, err := load(dir, target, s.config.MaxFil); err == nil && f.sum == r.Sum {
		return nil
	}
	return dir.Rename(target, r.File)
}

// freeName gives the name for a file in a subfolder: its own, or with part of its sum where another file has that.
func freeName(dir Dir, folder, name, sum string) string {
	target := path.Join(folder, name)
	if _, err := dir.Lstat(target); err != nil {
		return target
	}
	ext := path.Ext(name)
	short := sum[max(0, len(sum)-8):]
	return path.Join(folder, fmt.Sprintf("%s.%s%s", strings.TrimSuffix(name, ext), short, ext))
}

// probe reports whether files can be made in a folder, by making one that no one reads and taking it away again.
func probe(dir Dir) error {
	name := tempName()
	f, err := dir.Create(name, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), dir.Remove(name))
}

package folderc

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
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
func load(root *os.Root, name string, max connector.Size) (file, error) {
	f, err := root.Open(name)
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
	if after, err := root.Stat(name); err != nil || !same(before, after) {
		return file{}, errors.Join(errChanging, err)
	}
	return newFile(name, before, content, max), nil
}

// same reports whether nothing was written between two looks at a file.
func same(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
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
func (s *Source) list(root *os.Root) ([]candidate, error) {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, err
	}
	var found []candidate
	for _, e := range entries {
		if !e.Type().IsRegular() || !s.config.matches(e.Name()) {
			continue
		}
		info, err := root.Lstat(e.Name())
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
func (s *Source) ready(root *os.Root, all []candidate) []candidate {
	now, seen := s.env.Time(), map[string]sighting{}
	var ready []candidate
	for _, c := range all {
		sight, ok := s.seen[c.name]
		if !ok || !same(sight.info, c.info) {
			sight = sighting{c.info, now}
		}
		seen[c.name] = sight
		if s.isReady(root, c.name, now.Sub(sight.at)) {
			ready = append(ready, c)
		}
	}
	s.seen = seen
	maps.DeleteFunc(s.sums, func(name string, _ summed) bool { _, there := seen[name]; return !there })
	return ready
}

func (s *Source) isReady(root *os.Root, name string, unchanged time.Duration) bool {
	r := s.config.Faerdig
	if m := s.config.marker(name); m != "" {
		_, err := root.Lstat(m)
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
func (s *Source) sum(root *os.Root, c candidate) (string, error) {
	if known, ok := s.sums[c.name]; ok && same(known.info, c.info) {
		return known.sum, nil
	}
	f, err := load(root, c.name, s.config.MaxFil)
	if err != nil {
		return "", err
	}
	s.sums[c.name] = summed{c.info, f.sum}
	return f.sum, nil
}

// move takes a read file and its marker out of the folder. The marker goes first: left alone in the folder it would
// declare the next file of that name whole before it is.
func (s *Source) move(root *os.Root, r readFile) error {
	info, err := root.Lstat(r.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // moved before
	}
	if err != nil {
		return err
	}
	if sum, err := s.sum(root, candidate{r.File, info}); err != nil || sum != r.Sum {
		if errors.Is(err, errChanging) || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err // another file by now; it is to be read
	}
	folder := s.config.Behandlet
	if r.Refused {
		folder = s.config.Afvist
	}
	if err := root.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if m := s.config.marker(r.File); m != "" {
		if err := root.Rename(m, freeName(root, folder, m, r.Sum)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return s.moveFile(root, r, info, folder)
}

// moveFile renames, and looks afterwards whether it was the file that was meant: should the system have put another in
// its place in between, that one is put back.
func (s *Source) moveFile(root *os.Root, r readFile, info fs.FileInfo, folder string) error {
	target := freeName(root, folder, r.File, r.Sum)
	if err := root.Rename(r.File, target); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	delete(s.sums, r.File)
	if moved, err := root.Lstat(target); err != nil || same(moved, info) {
		return err
	}
	return root.Rename(target, r.File)
}

// freeName gives the name for a file in a subfolder: its own, or with part of its sum where another file has that.
func freeName(root *os.Root, folder, name, sum string) string {
	target := path.Join(folder, name)
	if _, err := root.Lstat(target); err != nil {
		return target
	}
	ext := path.Ext(name)
	short := sum[max(0, len(sum)-8):]
	return path.Join(folder, fmt.Sprintf("%s.%s%s", strings.TrimSuffix(name, ext), short, ext))
}

// probe reports whether files can be made in a folder, by making one that no one reads and taking it away again.
func probe(root *os.Root) error {
	name := tempName()
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), root.Remove(name))
}

// failure makes the error of a call to the folder. Trying again may always help: folders come and go with networks, and
// rights are given.
func failure(op, folder string, err error) error {
	hint := ""
	switch {
	case errors.Is(err, fs.ErrNotExist):
		hint = "; findes mappen, og er drevet tilsluttet?"
	case errors.Is(err, fs.ErrPermission):
		hint = "; giv den bruger, MOX kører som, ret til at læse, skrive og omdøbe i mappen"
	}
	err = unwrapPath(err)
	return &connector.Error{Op: op, Err: fmt.Errorf("mappen %s: %w%s", folder, err, hint), Temporary: true}
}

// unwrapPath takes the paths off an error from package os: the caller names the folder.
func unwrapPath(err error) error {
	if p, ok := err.(*fs.PathError); ok {
		return p.Err
	}
	if l, ok := err.(*os.LinkError); ok {
		return l.Err
	}
	return err
}

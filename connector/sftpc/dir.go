package sftpc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sync/atomic"

	"github.com/pkg/sftp"

	"github.com/moxkit/mox/connector/folderc"
)

// dir is an open folder: a session that is ours until it is closed.
type dir struct {
	client  *client
	session *session
	folder  string
	unwatch func()
	lost    atomic.Bool // the session is of no more use
}

var _ folderc.Dir = (*dir)(nil)

// open takes a session, and looks whether the folder is there. A session that was kept and has broken meanwhile is replaced:
// nothing has been asked of it.
func (c *client) open(ctx context.Context, folder string) (*dir, error) {
	for {
		s, kept, err := c.pool.Get(ctx)
		if err != nil {
			return nil, err
		}
		d := &dir{client: c, session: s, folder: folder, unwatch: s.line.Watch(ctx)}
		info, err := d.Stat(".")
		if err == nil && !info.IsDir() {
			err = errors.New("den er ikke en mappe")
		}
		if err == nil {
			return d, nil
		}
		broken := d.lost.Load()
		_ = d.Close() // the error of Stat tells more
		if !broken || !kept || ctx.Err() != nil {
			return nil, err
		}
	}
}

// Close gives the session back.
func (d *dir) Close() error {
	d.unwatch()
	if d.lost.Load() || d.session.line.Failed() {
		return end(d.session)
	}
	d.client.pool.Put(d.session)
	return nil
}

// failed makes the error of an operation as package folderc wants it. Texts of the server are left out: they may have names
// of files in them.
func (d *dir) failed(op string, err error) error {
	var answer *sftp.StatusError
	switch {
	case err == nil || err == io.EOF:
		return err
	case errors.Is(err, fs.ErrNotExist):
		err = fs.ErrNotExist
	case errors.Is(err, fs.ErrPermission):
		err = fs.ErrPermission
	case errors.As(err, &answer):
		err = fmt.Errorf("serveren svarer %w", answer.FxCode())
	case errors.Is(err, errLink):
	default:
		d.lost.Store(true)
		err = lostError{d.session.line.Cause(err)}
	}
	return &fs.PathError{Op: op, Err: err}
}

// lostError is a [folderc.ErrLost] that says why.
type lostError struct{ why error }

func (e lostError) Error() string {
	if errors.Is(e.why, sftp.ErrSSHFxConnectionLost) {
		return folderc.ErrLost.Error()
	}
	return folderc.ErrLost.Error() + ": " + e.why.Error()
}

func (e lostError) Unwrap() []error { return []error{folderc.ErrLost, e.why} }

func (d *dir) path(name string) string { return path.Join(d.folder, name) }

// ReadDir implements [folderc.Dir].
func (d *dir) ReadDir() ([]fs.DirEntry, error) {
	infos, err := d.session.sftp.ReadDir(d.path("."))
	if err != nil {
		return nil, d.failed("readdir", err)
	}
	entries := make([]fs.DirEntry, len(infos))
	for i, info := range infos {
		entries[i] = fs.FileInfoToDirEntry(info)
	}
	return entries, nil
}

// Stat implements [folderc.Dir].
func (d *dir) Stat(name string) (fs.FileInfo, error) {
	info, err := d.session.sftp.Stat(d.path(name))
	return info, d.failed("stat", err)
}

// Lstat implements [folderc.Dir].
func (d *dir) Lstat(name string) (fs.FileInfo, error) {
	info, err := d.session.sftp.Lstat(d.path(name))
	return info, d.failed("lstat", err)
}

var errLink = errors.New("ingen almindelig fil, eller et symbolsk link på vejen dertil")

// Open implements [folderc.Dir]. It follows no link at all: what it leads to, only the server knows.
func (d *dir) Open(name string) (fs.File, error) {
	info, err := d.session.sftp.Lstat(d.path(name))
	if err == nil && !info.Mode().IsRegular() {
		err = errLink
	}
	for folder := path.Dir(name); folder != "." && err == nil; folder = path.Dir(folder) {
		if info, err = d.session.sftp.Lstat(d.path(folder)); err == nil && !info.IsDir() {
			err = errLink
		}
	}
	if err != nil {
		return nil, d.failed("open", err)
	}
	f, err := d.session.sftp.Open(d.path(name))
	if err != nil {
		return nil, d.failed("open", err)
	}
	return &reader{dir: d, file: f, ahead: bufio.NewReaderSize(f, readAhead)}, nil
}

// readAhead is how much of a file is asked for at a time; the library asks for it in pieces, all at once.
const readAhead = 256 << 10

// reader is a file being read.
type reader struct {
	dir   *dir
	file  *sftp.File
	ahead *bufio.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.ahead.Read(p)
	return n, r.dir.failed("read", err)
}

func (r *reader) Stat() (fs.FileInfo, error) {
	info, err := r.file.Stat()
	return info, r.dir.failed("stat", err)
}

func (r *reader) Close() error { return r.dir.failed("close", r.file.Close()) }

// Create implements [folderc.Dir]; what others may do with the file, the server decides.
func (d *dir) Create(name string, _ fs.FileMode) (folderc.File, error) {
	f, err := d.session.sftp.OpenFile(d.path(name), os.O_CREATE|os.O_EXCL|os.O_WRONLY)
	if err != nil {
		return nil, d.failed("create", err)
	}
	return &writer{dir: d, file: f}, nil
}

// writer is a file being written.
type writer struct {
	dir  *dir
	file *sftp.File
}

func (w *writer) Write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	return n, w.dir.failed("write", err)
}

// Sync asks for what the server can do.
func (w *writer) Sync() error {
	if _, ok := w.dir.session.sftp.HasExtension("fsync@openssh.com"); !ok {
		return nil
	}
	return w.dir.failed("sync", w.file.Sync())
}

func (w *writer) Close() error { return w.dir.failed("close", w.file.Close()) }

// Rename implements [folderc.Dir]. A server without OpenSSH's rename puts nothing in the place of a file that is there; it
// refuses.
func (d *dir) Rename(from, to string) error {
	if _, ok := d.session.sftp.HasExtension("posix-rename@openssh.com"); ok {
		return d.failed("rename", d.session.sftp.PosixRename(d.path(from), d.path(to)))
	}
	return d.failed("rename", d.session.sftp.Rename(d.path(from), d.path(to)))
}

// Remove implements [folderc.Dir].
func (d *dir) Remove(name string) error {
	return d.failed("remove", d.session.sftp.Remove(d.path(name)))
}

// MkdirAll implements [folderc.Dir].
func (d *dir) MkdirAll(name string) error {
	return d.failed("mkdir", d.session.sftp.MkdirAll(d.path(name)))
}

// Sync implements [folderc.Dir]: SFTP has no way to ask for it.
func (d *dir) Sync() error { return nil }

// Same implements [folderc.Dir].
func (d *dir) Same(a, b fs.FileInfo) bool {
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// Coarse implements [folderc.Dir].
func (d *dir) Coarse() bool { return true }

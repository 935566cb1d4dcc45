// Package postkontor is the mail server of a municipality, with a list of what it has sent on. The server itself is aiosmtpd,
// which has to be there.
package postkontor

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/mail"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/moxkit/mox/afproevning/systemer/styring"
)

// Python is the address of a Python that has aiosmtpd: the path of its program.
const Python = "PYTHON_AIOSMTPD"

//go:embed postkontor.py
var program string

const skema = `CREATE TABLE IF NOT EXISTS MAIL (ID INTEGER PRIMARY KEY, TIL TEXT NOT NULL, EMNE TEXT NOT NULL, MESSAGE_ID TEXT NOT NULL);`

// System is the mail server, running.
type System struct {
	dir   string
	db    *sql.DB
	cmd   *exec.Cmd
	ind   io.WriteCloser
	port  int
	log   *slog.Logger
	kasse sync.WaitGroup
}

// Start starts the server.
func Start(ctx context.Context, v styring.Valg) (_ styring.System, err error) {
	if v.Adresser[Python] == "" {
		return nil, errors.New("adressen PYTHON_AIOSMTPD mangler: stien til en Python med aiosmtpd (apt-get install python3-aiosmtpd)")
	}
	s := &System{dir: v.Dir, log: slog.New(slog.NewTextHandler(v.Log, nil))}
	if s.db, err = styring.Database(filepath.Join(v.Dir, "postkontor.db"), skema); err != nil {
		return nil, err
	}
	s.cmd = exec.CommandContext(context.WithoutCancel(ctx), v.Adresser[Python], "-c", program) // it ends with its standard input
	s.cmd.Stderr = v.Log
	if s.ind, err = s.cmd.StdinPipe(); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	ud, err := s.cmd.StdoutPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	linjer := bufio.NewScanner(ud)
	linjer.Buffer(nil, maksMail)
	if !linjer.Scan() || json.Unmarshal(linjer.Bytes(), &s.port) != nil {
		return nil, errors.Join(errors.New("mailserveren startede ikke"), s.Close())
	}
	s.kasse.Go(func() { s.modtag(ctx, linjer) })
	return s, nil
}

// maksMail is how many bytes a mail may have.
const maksMail = 32 << 20

// modtag keeps what is taken.
func (s *System) modtag(ctx context.Context, linjer *bufio.Scanner) {
	for linjer.Scan() {
		var m struct {
			Til  []string
			Mail string
		}
		err := json.Unmarshal(linjer.Bytes(), &m)
		if err == nil {
			err = s.gem(ctx, m.Til, m.Mail)
		}
		if err != nil {
			s.log.Error("mail", "fejl", err)
		}
	}
}

func (s *System) gem(ctx context.Context, til []string, raa string) error {
	m, err := mail.ReadMessage(bytes.NewReader([]byte(raa)))
	if err != nil {
		return err
	}
	emne, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return err
	}
	_, err = s.db.ExecContext(ctx, `INSERT INTO MAIL (TIL, EMNE, MESSAGE_ID) VALUES (?, ?, ?)`, strings.Join(til, " "), emne, m.Header.Get("Message-ID"))
	return err
}

// Adresser implements [styring.System].
func (s *System) Adresser() map[string]string {
	return map[string]string{"POSTKONTOR_SMTP": fmt.Sprintf("127.0.0.1:%d", s.port), "POSTKONTOR_DB": filepath.Join(s.dir, "postkontor.db")}
}

// Runder implements [styring.System].
func (s *System) Runder() int { return 0 }

// Runde implements [styring.System].
func (s *System) Runde(context.Context, int) error { return nil }

// Fejl implements [styring.System]: "tab" takes so many mails and hangs up without an answer, "smid" answers for so many and
// loses them, which is a broken promise.
func (s *System) Fejl(_ context.Context, navn string, antal int, _ time.Duration) error {
	if navn != "tab" && navn != "smid" {
		return fmt.Errorf("postkontor: kender ikke fejlen %q", navn)
	}
	_, err := fmt.Fprintf(s.ind, "%s %d\n", navn, antal)
	return err
}

// Rolig implements [styring.System].
func (s *System) Rolig(context.Context) (bool, error) { return true, nil }

// Close implements [styring.System].
func (s *System) Close() error {
	err := s.ind.Close()
	s.kasse.Wait()
	return errors.Join(err, s.cmd.Wait(), s.db.Close())
}

// Package postkasse is a mail provider's mailboxes for the case workers of two municipalities, and the citizens who write to
// them. The server itself is Dovecot, which has to be there.
//
// A citizen sees in a municipality's portal which number the other municipality's records system has given the case, and
// writes to the other with the number in the subject, "Vedr. 26/000012: …". Mails are as mail programs make them: subjects in
// encoded words, the text in ISO 8859-1 as quoted-printable, one in three with a PDF. One in five arrives twice. The first of each
// mailbox has a number that does not exist, and a mail on something else comes in between.
package postkasse

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"golang.org/x/text/encoding/charmap"

	"github.com/moxkit/mox/afproevning/systemer/styring"
)

// Dovecot is the address of Dovecot: the path of its program.
const Dovecot = "DOVECOT"

// The mailboxes.
const (
	kasseA = "sager@kommune-a.example"
	kasseB = "sager@kommune-b.example"
)

const skema = `CREATE TABLE IF NOT EXISTS MAIL (ID INTEGER PRIMARY KEY, KASSE TEXT NOT NULL, NUMMER TEXT NOT NULL, MESSAGE_ID TEXT NOT NULL, EMNE TEXT NOT NULL, BYTES INTEGER NOT NULL);`

// System is the mailboxes, running.
type System struct {
	dir      string
	db       *sql.DB
	portaler map[string]string // the database of the portal whose citizens write to a mailbox
	log      *slog.Logger

	mu     sync.Mutex // one who writes, starts or ends the server at a time
	server *dovecot
	kasse  sync.WaitGroup
	stop   context.CancelFunc
}

// Start starts the server. The citizens read PORTAL_A_DB and PORTAL_B_DB; where a portal is not given, nobody writes for it.
func Start(ctx context.Context, v styring.Valg) (_ styring.System, err error) {
	if v.Adresser[Dovecot] == "" {
		return nil, errors.New("adressen DOVECOT mangler: stien til Dovecot, /usr/sbin/dovecot (apt-get install dovecot-imapd)")
	}
	s := &System{dir: v.Dir, log: slog.New(slog.NewTextHandler(v.Log, nil)), portaler: map[string]string{}}
	for kasse, navn := range map[string]string{kasseB: "PORTAL_A_DB", kasseA: "PORTAL_B_DB"} {
		if fil := v.Adresser[navn]; fil != "" {
			s.portaler[kasse] = fil
		}
	}
	if s.db, err = styring.Database(filepath.Join(v.Dir, "postkasse.db"), skema); err != nil {
		return nil, err
	}
	if s.server, err = nyDovecot(v.Adresser[Dovecot], v.Log); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	ctx, s.stop = context.WithCancel(ctx)
	s.kasse.Go(func() { s.borgere(ctx) })
	return s, nil
}

// borgere writes what the citizens write, when they have seen a number.
func (s *System) borgere(ctx context.Context) {
	for t := time.NewTicker(200 * time.Millisecond); ; {
		if _, err := s.skrivNye(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("mail", "fejl", err)
		}
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
	}
}

// skrivNye writes about each number that nobody has written about, and reports whether there was one.
func (s *System) skrivNye(ctx context.Context) (nogen bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for kasse, fil := range s.portaler {
		numre, err := s.nyeNumre(ctx, kasse, fil)
		if err != nil {
			return true, err
		}
		for _, nr := range numre {
			nogen = true
			if err := s.skriv(ctx, kasse, nr); err != nil {
				return true, err
			}
		}
	}
	return nogen, nil
}

// nyeNumre are the case numbers that a portal shows, without those that are in a mail.
func (s *System) nyeNumre(ctx context.Context, kasse, fil string) (ud []string, err error) {
	portal, err := sql.Open("sqlite", "file:"+filepath.ToSlash(fil)+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, portal.Close()) }()
	vist, err := tekster(ctx, portal, `SELECT DISTINCT NUMMER FROM OVERDRAGET WHERE NUMMER LIKE '26/%' ORDER BY NUMMER`)
	if err != nil {
		return nil, err
	}
	skrevet, err := tekster(ctx, s.db, `SELECT NUMMER FROM MAIL WHERE KASSE = ?`, kasse)
	if err != nil {
		return nil, err
	}
	har := map[string]bool{}
	for _, nr := range skrevet {
		har[nr] = true
	}
	for _, nr := range vist {
		if !har[nr] {
			ud = append(ud, nr)
		}
	}
	return ud, nil
}

func tekster(ctx context.Context, db *sql.DB, query string, args ...any) (ud []string, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what matters
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		ud = append(ud, v)
	}
	return ud, rows.Err()
}

// lbnrAf is the last part of a case number.
func lbnrAf(nr string) (n int) {
	if _, err := fmt.Sscanf(nr, "26/%d", &n); err != nil {
		return 0
	}
	return n
}

// skriv writes one mail, and keeps what was written when it is in the mailbox.
func (s *System) skriv(ctx context.Context, kasse, nr string) error {
	n := lbnrAf(nr)
	m := enMail(kasse, nr, n)
	leveringer := []brev{m}
	switch {
	case n%5 == 0:
		leveringer = append(leveringer, m)
	case n == 2:
		leveringer = append(leveringer, enMail(kasse, "", 0))
	}
	for _, b := range leveringer {
		if err := s.laeg(kasse, b.raa); err != nil {
			return err
		}
	}
	_, err := s.db.ExecContext(ctx, `INSERT INTO MAIL (KASSE, NUMMER, MESSAGE_ID, EMNE, BYTES) VALUES (?, ?, ?, ?, ?)`, kasse, nr, m.id, m.emne, len(m.raa))
	return err
}

// laeg puts a mail into a mailbox.
func (s *System) laeg(kasse string, raa []byte) (err error) {
	c, err := imapclient.DialInsecure(s.server.adresse(), nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := c.Login(kasse, kodeord).Wait(); err != nil {
		return err
	}
	cmd := c.Append("INBOX", int64(len(raa)), &imap.AppendOptions{Time: time.Now()})
	if _, err := cmd.Write(raa); err != nil {
		return err
	}
	if err := cmd.Close(); err != nil {
		return err
	}
	_, err = cmd.Wait()
	return err
}

// brev is a mail as it is sent.
type brev struct {
	id, emne string
	raa      []byte
}

// enMail is a citizen's mail on a case; without a number it is on something else.
func enMail(kasse, nr string, n int) brev {
	b := brev{id: fmt.Sprintf("%06d.%s", n, strings.Replace(kasse, "sager@", "borger@fra-", 1)), emne: "Vedr. " + nr + ": nye oplysninger – lønseddel"}
	switch {
	case nr == "":
		b.emne = "Hvornår har I åbent?"
	case n == 1: // a slip of the pen
		b.emne = strings.Replace(b.emne, nr, "26/900001", 1)
	}
	var ud bytes.Buffer
	dele := multipart.NewWriter(&ud)
	_ = dele.SetBoundary("=_prove_" + fmt.Sprint(n)) // of allowed letters
	fmt.Fprintf(&ud, "From: =?ISO-8859-1?Q?B=F8rge_Pr=F8vesen?= <borger%d@example.dk>\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=%q\r\n\r\n",
		n, kasse, mime.QEncoding.Encode("UTF-8", b.emne), time.Date(2026, 3, 2, 8, 14, n%60, 0, time.UTC).Format(time.RFC1123Z), b.id, dele.Boundary())
	del(dele, "text/plain; charset=iso-8859-1", "quoted-printable", "", latin1("Kære kommune\r\n\r\nHer er de oplysninger, I bad om på sagen.\r\n\r\nVenlig hilsen\r\nBørge Prøvesen\r\n"))
	if n%3 == 0 && nr != "" {
		del(dele, "application/pdf", "base64", "lønseddel.pdf", []byte("%PDF-1.4\n% "+nr+"\n%%EOF\n"))
	}
	_ = dele.Close() // into memory
	b.raa = ud.Bytes()
	return b
}

// del writes a part of a mail; it is written to memory, where nothing fails.
func del(dele *multipart.Writer, indhold, kodning, navn string, b []byte) {
	h := textproto.MIMEHeader{"Content-Type": {indhold}, "Content-Transfer-Encoding": {kodning}}
	if navn != "" {
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": navn}))
	}
	w, _ := dele.CreatePart(h)
	if kodning == "base64" {
		_, _ = io.WriteString(w, base64.StdEncoding.EncodeToString(b)+"\r\n")
		return
	}
	q := quotedprintable.NewWriter(w)
	_, _ = q.Write(b)
	_ = q.Close()
}

func latin1(s string) []byte {
	b, _ := charmap.ISO8859_1.NewEncoder().Bytes([]byte(s)) // Danish letters are all in it
	return b
}

// Adresser implements [styring.System].
func (s *System) Adresser() map[string]string {
	return map[string]string{"POSTKASSE_IMAP": s.server.adresse(), "POSTKASSE_TLS": "ingen", "POSTKASSE_A": kasseA, "POSTKASSE_B": kasseB, "POSTKASSE_KODEORD": kodeord, "POSTKASSE_DB": filepath.Join(s.dir, "postkasse.db")}
}

// Runder implements [styring.System].
func (s *System) Runder() int { return 0 }

// Runde implements [styring.System].
func (s *System) Runde(context.Context, int) error { return nil }

// Fejl implements [styring.System]: "ned" ends the server, and starts it again after so long.
func (s *System) Fejl(ctx context.Context, navn string, _ int, varighed time.Duration) error {
	if navn != "ned" {
		return fmt.Errorf("postkasse: kender ikke fejlen %q", navn)
	}
	s.mu.Lock()
	err := s.server.stop()
	s.kasse.Go(func() {
		defer s.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-time.After(varighed):
			if err := s.server.start(); err != nil {
				s.log.Error("mailserveren", "fejl", err)
			}
		}
	})
	return err
}

// Rolig implements [styring.System]: everybody who has seen a number has written.
func (s *System) Rolig(ctx context.Context) (bool, error) {
	nogen, err := s.skrivNye(ctx)
	return !nogen, err
}

// Close implements [styring.System].
func (s *System) Close() error {
	s.stop()
	s.kasse.Wait()
	return errors.Join(s.server.luk(), s.db.Close())
}

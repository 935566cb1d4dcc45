package mailc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/internal/check"
)

// Limits.
const (
	DefaultMail = 32 * connector.MiB  // greatest mail read
	maxMail     = 256 * connector.MiB // greatest max_mail: it is held in memory
	maxTogether = 32 << 20            // bytes of mails in one batch, and in one request
)

// SourceConfig describes a folder of mails to read, each as a record.
//
// The record's fields are id (the mail's Message-ID, or a digest of it where it has none), fra, fra_navn, til, cc, svar_til,
// emne, dato (as the sender says), modtaget (as the server says), message_id, svar_paa, automatisk (Auto-Submitted), tekst,
// html, mail (a reference to the whole mail), and for each document bilag.0.navn, .type, .byte and .indhold, a reference
// to it.
type SourceConfig struct {
	Type              string `yaml:"type" json:"type"` // "imap"
	connector.Listing `yaml:",inline"`
	Account           `yaml:",inline"`
	Mappe             string         `yaml:"mappe" json:"mappe,omitempty"`         // folder to read; default INBOX
	Behandlet         string         `yaml:"behandlet" json:"behandlet,omitempty"` // folder that read mails are moved to; none = they stay
	Maerke            string         `yaml:"maerke" json:"maerke,omitempty"`       // mark that read mails are given: laest, or a word of one's own ("MOX")
	MaxMail           connector.Size `yaml:"max_mail" json:"max_mail,omitempty"`   // greatest mail; default 32 MiB, at most 256 MiB
}

var keyword = regexp.MustCompile(`^[$A-Za-z0-9_.-]{1,50}$`)

// Validate reports what is wrong in the config.
func (c SourceConfig) Validate() []connector.Problem {
	var p check.Problems
	p.Type(c.Type, "imap")
	p.Listing(c.Listing)
	if c.Eksport == connector.EksportFuld {
		p.Add("eksport", "fuld kan ikke bruges: en mail, der er væk, er ikke en post, der er trukket tilbage", "fjern eksport")
	}
	c.Account.check(&p, "")
	if c.Kodeord == "" && c.OAuth2 == nil {
		p.Need("bruger", c.Bruger, "postkassens bruger")
	}
	switch {
	case c.Behandlet != "" && c.Maerke != "":
		p.Add("maerke", "kan ikke bruges sammen med behandlet", "fjern den ene")
	case c.Behandlet != "" && c.Behandlet == c.folder():
		p.Add("behandlet", "er den mappe, der læses", "skriv en anden mappe")
	case c.Maerke != "" && c.Maerke != "laest" && !keyword.MatchString(c.Maerke):
		p.Add("maerke", fmt.Sprintf("%q kan ikke være et mærke", c.Maerke), "skriv laest, eller ét ord af bogstaverne a–z, fx MOX")
	}
	if c.MaxMail > maxMail {
		p.Add("max_mail", "er over "+maxMail.String()+"; mailen holdes i hukommelsen", "")
	}
	return p.List()
}

func (c SourceConfig) folder() string {
	if c.Mappe == "" {
		return "INBOX"
	}
	return c.Mappe
}

// Source reads mails as records.
type Source struct {
	config SourceConfig
	box    *box
	tidied position // mails up to here have been moved or marked
}

var _ connector.Source = (*Source)(nil)

// NewSource makes a source. It makes no call.
func NewSource(c SourceConfig, env connector.Env) (*Source, error) {
	if err := connector.Invalid(c.Validate()); err != nil {
		return nil, err
	}
	c.MaxMail = c.MaxMail.Or(DefaultMail)
	b, err := newBox(c.Account, c.folder(), env)
	if err != nil {
		return nil, err
	}
	return &Source{config: c, box: b}, nil
}

// position is how far the source has come: mails are numbered upward, under a number for the numbering itself. When that is
// another the numbers mean nothing, and all mails are read.
type position struct {
	Validity uint32   `json:"nummerering"` // UIDVALIDITY
	UID      imap.UID `json:"uid"`         // of the last mail given
}

func parsePosition(text string) (p position, err error) {
	if text == "" {
		return p, nil
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil || p.Validity == 0 {
		return p, errors.New("den gemte position kan ikke læses; er kildens type ændret? start kilden forfra")
	}
	return p, nil
}

func (p position) String() string {
	text, _ := json.Marshal(p) // numbers cannot fail
	return string(text)
}

// Read implements [connector.Source]. The folder is opened for reading only, and no mail is marked as seen.
func (s *Source) Read(ctx context.Context, text string) (connector.Batch, error) {
	const op = "læs postkasse"
	p, err := parsePosition(text)
	if err != nil {
		return connector.Batch{}, &connector.Error{Op: op, Err: err}
	}
	b := connector.Batch{Position: text}
	err = s.box.with(ctx, true, func(c *imapclient.Client, m *imap.SelectData) error {
		if p.Validity != m.UIDValidity {
			p = position{Validity: m.UIDValidity}
		}
		uids, err := newer(c, p.UID)
		if err != nil || len(uids) == 0 {
			return err
		}
		records, last, err := s.records(c, m.UIDValidity, uids[:min(len(uids), connector.MaxBatch)])
		b = connector.Batch{Records: records, Position: position{p.Validity, last}.String(), More: last < uids[len(uids)-1]}
		return err
	})
	if err != nil {
		return connector.Batch{}, failure(op, err)
	}
	return b, nil
}

// newer gives the numbers of the mails after last, upward.
func newer(c *imapclient.Client, last imap.UID) ([]imap.UID, error) {
	found, err := c.UIDSearch(&imap.SearchCriteria{UID: []imap.UIDSet{upward(last + 1)}}, nil).Wait()
	if err != nil {
		return nil, err
	}
	// A range that begins after the last mail has that one in it.
	uids := slices.DeleteFunc(found.AllUIDs(), func(uid imap.UID) bool { return uid <= last })
	slices.Sort(uids)
	return uids, nil
}

// upward is the range from a number on.
func upward(from imap.UID) imap.UIDSet { return imap.UIDSet{{Start: from, Stop: 0}} }

// letter is a mail before it is taken apart.
type letter struct {
	uid      imap.UID
	size     int64
	received time.Time
	raw      []byte
}

// records reads mails until those are many bytes, and gives the number of the last. One that is gone is passed over.
func (s *Source) records(c *imapclient.Client, validity uint32, uids []imap.UID) (records []connector.Record, last imap.UID, err error) {
	heads, err := describe(c, uids)
	if err != nil {
		return nil, 0, err
	}
	last = uids[len(uids)-1]
	var total int64
	for i := range heads {
		if total += min(heads[i].size, int64(s.config.MaxMail)); total > maxTogether && i > 0 {
			heads, last = heads[:i], heads[i-1].uid
			break
		}
	}
	if err := s.load(c, heads); err != nil {
		return nil, 0, err
	}
	for _, m := range heads {
		if m.raw != nil {
			records = append(records, s.record(m, validity))
		}
	}
	return records, last, nil
}

// describe asks how long mails are, and when they came.
func describe(c *imapclient.Client, uids []imap.UID) ([]letter, error) {
	said, err := c.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, RFC822Size: true, InternalDate: true}).Collect()
	if err != nil {
		return nil, err
	}
	var heads []letter
	for _, m := range said {
		heads = append(heads, letter{uid: m.UID, size: m.RFC822Size, received: m.InternalDate})
	}
	slices.SortFunc(heads, func(a, b letter) int { return int(int64(a.uid) - int64(b.uid)) })
	return heads, nil
}

// load fetches the mails; of one that is too large, so much that a person can see what it is.
func (s *Source) load(c *imapclient.Client, heads []letter) error {
	var whole, parts []imap.UID
	for _, m := range heads {
		if m.size > int64(s.config.MaxMail) {
			parts = append(parts, m.uid)
		} else {
			whole = append(whole, m.uid)
		}
	}
	byUID := map[imap.UID]*letter{}
	for i := range heads {
		byUID[heads[i].uid] = &heads[i]
	}
	take := func(uid imap.UID, raw []byte) {
		if m := byUID[uid]; m != nil {
			m.raw = raw
		}
	}
	err := fetchBodies(c, whole, nil, int64(s.config.MaxMail), take)
	if err == nil {
		err = fetchBodies(c, parts, &imap.SectionPartial{Size: connector.MaxRaw}, connector.MaxRaw, take)
	}
	return err
}

// fetchBodies gives the bytes of each mail, or of its beginning.
func fetchBodies(c *imapclient.Client, uids []imap.UID, partial *imap.SectionPartial, limit int64, take func(imap.UID, []byte)) error {
	if len(uids) == 0 {
		return nil
	}
	section := &imap.FetchItemBodySection{Peek: true, Partial: partial}
	cmd := c.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
	for m := cmd.Next(); m != nil; m = cmd.Next() {
		var uid imap.UID
		var raw []byte
		for item := m.Next(); item != nil; item = m.Next() {
			switch item := item.(type) {
			case imapclient.FetchItemDataUID:
				uid = item.UID
			case imapclient.FetchItemDataBodySection:
				var err error
				if raw, err = readLiteral(item.Literal, limit); err != nil {
					return errors.Join(err, cmd.Close())
				}
			}
		}
		take(uid, raw)
	}
	return cmd.Close()
}

func readLiteral(l imap.LiteralReader, limit int64) ([]byte, error) {
	if l == nil {
		return nil, nil // the mail is gone
	}
	raw, err := io.ReadAll(io.LimitReader(l, limit+1))
	if err == nil && int64(len(raw)) > limit {
		err = errors.New("serveren sender mere, end den sagde, mailen fyldte")
	}
	return raw, err
}

// record makes the record of a mail. One that cannot be taken apart is a record with the reason.
func (s *Source) record(m letter, validity uint32) connector.Record {
	r := connector.Record{
		Raw:   bytes.Clone(m.raw[:min(len(m.raw), connector.MaxRaw)]),
		Place: connector.Place{File: s.config.folder(), Record: int(m.uid)},
	}
	if m.size > int64(s.config.MaxMail) {
		r.Err = fmt.Errorf("mailen er på %d byte, over grænsen på %s; hæv max_mail, hvis den skal læses", m.size, s.config.MaxMail)
		return r
	}
	mail, err := parse(m.raw, -1)
	if err != nil {
		r.Err = err
		return r
	}
	r.Fields = mail.fields
	r.Fields["modtaget"] = m.received.Format(time.RFC3339)
	ref := fmt.Sprintf("%d/%d/", validity, m.uid)
	r.Fields["mail"] = ref + wholeMail
	for i := range mail.documents {
		r.Fields[fmt.Sprintf("bilag.%d.indhold", i)] = ref + strconv.Itoa(i)
	}
	return r
}

// wholeMail is the last part of a reference to a mail as it came.
const wholeMail = "mail"

// Committed implements [connector.Source]: it moves or marks the mails up to the position, as the config says.
func (s *Source) Committed(ctx context.Context, text string) error {
	const op = "ryd op i postkasse"
	p, err := parsePosition(text)
	if err != nil {
		return &connector.Error{Op: op, Err: err}
	}
	if s.config.Behandlet == "" && s.config.Maerke == "" {
		return nil
	}
	from := imap.UID(1)
	if s.tidied.Validity == p.Validity {
		from = s.tidied.UID + 1
	}
	if p.UID < from {
		return nil
	}
	err = s.box.with(ctx, false, func(c *imapclient.Client, m *imap.SelectData) error {
		if m.UIDValidity != p.Validity {
			return nil
		}
		set := imap.UIDSet{{Start: from, Stop: p.UID}}
		if s.config.Maerke != "" {
			return s.mark(c, set)
		}
		return s.move(c, set)
	})
	if err != nil {
		return failure(op, err)
	}
	s.tidied = p
	return nil
}

func (s *Source) mark(c *imapclient.Client, set imap.UIDSet) error {
	flag := imap.Flag(s.config.Maerke)
	if s.config.Maerke == "laest" {
		flag = imap.FlagSeen
	}
	return c.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{flag}}, nil).Close()
}

// move moves mails, to a folder that it makes where there is none.
func (s *Source) move(c *imapclient.Client, set imap.UIDSet) error {
	err := moveTo(c, set, s.config.Behandlet)
	var said *imap.Error
	if !errors.As(err, &said) || said.Code != imap.ResponseCodeTryCreate && said.Code != imap.ResponseCodeNonExistent {
		return err
	}
	if err := c.Create(s.config.Behandlet, nil).Wait(); err != nil {
		return err
	}
	return moveTo(c, set, s.config.Behandlet)
}

var errNoMove = errors.New("serveren kan ikke flytte mails (hverken MOVE eller UIDPLUS); skriv maerke i stedet for behandlet")

// moveTo moves with what the server can. The library would take mails away that it had not been able to copy.
func moveTo(c *imapclient.Client, set imap.UIDSet, folder string) error {
	if c.Caps().Has(imap.CapMove) {
		_, err := c.Move(set, folder).Wait()
		return err
	}
	if !c.Caps().Has(imap.CapUIDPlus) {
		return errNoMove
	}
	if _, err := c.Copy(set, folder).Wait(); err != nil {
		return err
	}
	deleted := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
	if err := c.Store(set, deleted, nil).Close(); err != nil {
		return err
	}
	return c.UIDExpunge(set).Close()
}

// Open implements [connector.Source]: ref is what a record has in mail or bilag.N.indhold. It is to be used before the mail
// is moved.
func (s *Source) Open(ctx context.Context, ref string) (io.ReadCloser, error) {
	const op = "hent dokument"
	validity, uid, part, err := parseRef(ref)
	if err != nil {
		return nil, &connector.Error{Op: op, Err: err}
	}
	var raw []byte
	err = s.box.with(ctx, true, func(c *imapclient.Client, m *imap.SelectData) error {
		if m.UIDValidity != validity {
			return nil
		}
		return fetchBodies(c, []imap.UID{uid}, nil, int64(s.config.MaxMail), func(_ imap.UID, got []byte) { raw = got })
	})
	if err != nil {
		return nil, failure(op, err)
	}
	if raw == nil {
		return nil, &connector.Error{Op: op, Err: errors.New("mailen er ikke længere i mappen")}
	}
	if part < 0 {
		return io.NopCloser(bytes.NewReader(raw)), nil
	}
	mail, err := parse(raw, part)
	if err == nil && part >= len(mail.documents) {
		err = errors.New("mailen har ikke så mange bilag")
	}
	if err != nil {
		return nil, &connector.Error{Op: op, Err: err}
	}
	return io.NopCloser(bytes.NewReader(mail.documents[part].content)), nil
}

// parseRef takes a reference apart; part is -1 for the whole mail.
func parseRef(ref string) (validity uint32, uid imap.UID, part int, err error) {
	parts := strings.Split(ref, "/")
	if len(parts) == 3 {
		v, err1 := strconv.ParseUint(parts[0], 10, 32)
		u, err2 := strconv.ParseUint(parts[1], 10, 32)
		n, err3 := strconv.ParseUint(parts[2], 10, 16)
		if parts[2] == wholeMail {
			n, err3 = 0, nil
			part = -1
		} else {
			part = int(n)
		}
		if err1 == nil && err2 == nil && err3 == nil && v > 0 && u > 0 {
			return uint32(v), imap.UID(u), part, nil
		}
	}
	return 0, 0, 0, errors.New("henvisningen er ikke en mail eller et bilag i kildens mappe")
}

// Check implements [connector.Source]: the folder can be opened, and mails can be moved if they are to be.
func (s *Source) Check(ctx context.Context) error {
	err := s.box.with(ctx, true, func(c *imapclient.Client, _ *imap.SelectData) error {
		if s.config.Behandlet != "" && !c.Caps().Has(imap.CapMove) && !c.Caps().Has(imap.CapUIDPlus) {
			return errNoMove
		}
		return nil
	})
	if err != nil {
		return failure("læs postkasse", err)
	}
	return nil
}

// Close implements [connector.Source].
func (s *Source) Close() error { return s.box.pool.Close() }

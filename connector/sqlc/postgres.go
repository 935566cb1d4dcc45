package sqlc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/internal/check"
	"github.com/moxkit/mox/connector/internal/line"
)

// postgresDB is an [engine] on a PostgreSQL server. Values go both ways as PostgreSQL writes them: whole numbers and
// decimals with all their digits, dates and times in ISO form, true and false.
type postgresDB struct {
	pool     *pgxpool.Pool
	readOnly bool
}

// openPostgres makes no call.
func openPostgres(c connection, env connector.Env) (*postgresDB, error) {
	config, err := postgresConfig(c, env)
	if err != nil {
		return nil, err
	}
	// The context is for connections made ahead, and none are.
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return nil, errors.New("dsn: adressen kan ikke bruges")
	}
	return &postgresDB{pool, c.readOnly}, nil
}

func postgresConfig(c connection, env connector.Env) (*pgxpool.Config, error) {
	u, err := url.Parse(c.dsn)
	if err != nil {
		return nil, errors.New("dsn: er ikke en adresse")
	}
	q := u.Query()
	if q.Get("sslmode") == "" && !line.Loopback(u.Hostname()) {
		q.Set("sslmode", "verify-full")
	}
	if c.ca != "" {
		q.Set("sslrootcert", env.Path(c.ca))
	}
	u.RawQuery = q.Encode()
	config, err := pgxpool.ParseConfig(u.String())
	if err != nil { // its text may have the password of another place in it
		return nil, errors.New("dsn: adressen eller en af dens parametre kan ikke bruges; findes filen i ca?")
	}
	conn := config.ConnConfig
	if c.kodeord != "" {
		if conn.Password, err = env.Resolve(c.kodeord); err != nil {
			return nil, err
		}
	}
	conn.ConnectTimeout = min(c.timeout, 10*time.Second)
	conn.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec // what was known of a table may have changed
	for name, value := range map[string]string{
		"application_name": "mox", "client_encoding": "UTF8", "DateStyle": "ISO", "TimeZone": cmp.Or(c.tidszone, "UTC"),
		"statement_timeout": strconv.FormatInt(c.timeout.Milliseconds(), 10),
	} {
		conn.RuntimeParams[name] = value
	}
	if c.readOnly {
		conn.RuntimeParams["default_transaction_read_only"] = "on"
	}
	config.AfterConnect = keepBytes
	config.MaxConns, config.MinConns, config.MaxConnIdleTime = 4, 0, time.Minute
	return config, nil
}

// keepBytes asks a database that knows of no encoding for its bytes as they are. Asked for UTF-8 it would refuse a whole
// answer for one bad byte; so that is the record's.
func keepBytes(ctx context.Context, conn *pgx.Conn) error {
	if conn.PgConn().ParameterStatus("server_encoding") != "SQL_ASCII" {
		return nil
	}
	_, err := conn.Exec(ctx, "SET client_encoding TO SQL_ASCII")
	return err
}

func checkPostgres(p *check.Problems, c connection) {
	const hint = "skriv fx postgres://mox@db.kommune.dk/sager"
	if !p.Need("dsn", c.dsn, hint) {
		return
	}
	u, err := url.Parse(c.dsn)
	switch {
	case err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || u.Host == "" || len(u.Path) < 2:
		p.Add("dsn", "er ikke en adresse på en database", hint)
		return
	case u.User == nil:
		p.Add("dsn", "adressen har ingen bruger", hint)
	}
	if _, has := u.User.Password(); has || u.Query().Has("password") {
		p.Add("dsn", "adressen indeholder et kodeord", "skriv kodeord: env:NAVN")
	}
	if m := u.Query().Get("sslmode"); m != "" && m != "verify-full" && !line.Loopback(u.Hostname()) {
		p.Add("dsn", "sslmode="+m+" kontrollerer ikke, hvem serveren er", "fjern sslmode, og skriv ca: FIL, hvis serverens certifikat er udstedt af kommunen selv")
	}
	if c.kodeord != "" {
		p.Secret("kodeord", c.kodeord)
	}
}

// skipPostgres gives the length of a quoted text, a comment or an operator with a colon at s[at:]; 0 where there is none.
func skipPostgres(s string, at int) int {
	rest := s[at:]
	switch {
	case strings.HasPrefix(rest, "::") || strings.HasPrefix(rest, ":="):
		return 2
	case len(rest) > 1 && rest[0] == ':' && rest[1] >= '0' && rest[1] <= '9': // in a[1:2]
		return 1
	case strings.HasPrefix(rest, "/*"):
		return comment(rest)
	case strings.HasPrefix(rest, "'") && at > 0 && (s[at-1] == 'E' || s[at-1] == 'e') && (at < 2 || nameLen(s[at-2:at-1]) == 0):
		return escaped(rest)
	case strings.HasPrefix(rest, "$") && (at == 0 || nameLen(s[at-1:at]) == 0):
		tag := rest[:1+nameLen(rest[1:])] + "$"
		if strings.HasPrefix(rest, tag) {
			return quoted(rest, tag, tag)
		}
		return 0
	}
	return max(quoted(rest, "'", "'"), quoted(rest, `"`, `"`), quoted(rest, "--", "\n"))
}

// comment gives the length of a comment, which may have others inside.
func comment(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch {
		case strings.HasPrefix(s[i:], "/*"):
			depth++
			i++
		case strings.HasPrefix(s[i:], "*/"):
			depth--
			i++
			if depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// escaped gives the length of a text in quotes in which a backslash takes the meaning from what follows.
func escaped(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '\'':
			return i + 1
		}
	}
	return len(s)
}

// numbered gives a statement with $1, $2 … for its :names, each place its own, and their values as they are sent: text,
// which PostgreSQL reads as the type that it wants there, nil, or the bytes of a document.
func numbered(statement string, values map[string]any) (string, []any, error) {
	var b strings.Builder
	var args []any
	for _, p := range pieces("postgres", statement) {
		if p.name == "" {
			b.WriteString(p.text)
			continue
		}
		v := values[p.name]
		if _, isContent := v.([]byte); v != nil && !isContent {
			text, err := connector.Scalar(v)
			if err != nil {
				return "", nil, &connector.Error{Op: opWrite, Err: fmt.Errorf("feltet :%s: %w", p.name, err)}
			}
			v = text
		}
		args = append(args, v)
		fmt.Fprintf(&b, "$%d", len(args))
	}
	return b.String(), args, nil
}

// described is what PostgreSQL says of a statement.
func (d *postgresDB) described(ctx context.Context, statement string) (*pgconn.StatementDescription, error) {
	text, _, err := numbered(statement, nil)
	if err != nil {
		return nil, err
	}
	var said *pgconn.StatementDescription
	err = d.pool.AcquireFunc(ctx, func(c *pgxpool.Conn) error {
		said, err = c.Conn().Prepare(ctx, "", text)
		return err
	})
	return said, err
}

func (d *postgresDB) columns(ctx context.Context, query string) ([]string, error) {
	said, err := d.described(ctx, query)
	if err != nil {
		return nil, err
	}
	return names(said.Fields), nil
}

func names(fields []pgconn.FieldDescription) []string {
	made := make([]string, len(fields))
	for i, f := range fields {
		made[i] = f.Name
	}
	return made
}

// first is the least value of the type that :position has in the query.
func (d *postgresDB) first(ctx context.Context, query string) (any, error) {
	said, err := d.described(ctx, query)
	if err != nil {
		return nil, err
	}
	for _, oid := range said.ParamOIDs { // all of them are :position
		switch oid {
		case pgtype.Int2OID:
			return "-32768", nil
		case pgtype.Int4OID:
			return "-2147483648", nil
		case pgtype.Int8OID:
			return "-9223372036854775808", nil
		case pgtype.Float4OID, pgtype.Float8OID:
			return "-Infinity", nil
		case pgtype.NumericOID:
			return "-1e1000", nil
		case pgtype.DateOID, pgtype.TimestampOID, pgtype.TimestamptzOID:
			return "-infinity", nil
		case pgtype.TextOID, pgtype.VarcharOID, pgtype.BPCharOID:
			return "", nil
		}
	}
	return nil, errors.New("der er ingen mindste værdi af den type, :position har i forespørgslen; skriv position_start")
}

func (d *postgresDB) bind(position string) any { return position }

// portion is how many rows are fetched at a time.
const portion = 100

// rows reads through a cursor: so the query's order is kept, and the server makes no more rows than are wanted.
func (d *postgresDB) rows(ctx context.Context, query string, values map[string]any, give func(map[string]string, error) (bool, error)) error {
	text, args, err := numbered(query, values)
	if err != nil {
		return err
	}
	tx, err := d.pool.BeginTx(ctx, pgx.TxOptions{})
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx))                                     // nothing was written
	declared, err := tx.Query(ctx, "DECLARE mox NO SCROLL CURSOR FOR "+text, args...) // Exec would let two statements pass
	if err == nil {
		declared.Close()
		err = declared.Err()
	}
	if err != nil {
		return err
	}
	for {
		n, more, err := fetch(ctx, tx, give)
		if err != nil || !more || n < portion {
			return err
		}
	}
}

func fetch(ctx context.Context, tx pgx.Tx, give func(map[string]string, error) (bool, error)) (n int, more bool, err error) {
	rows, err := tx.Query(ctx, "FETCH "+strconv.Itoa(portion)+" FROM mox", asText())
	if err != nil {
		return 0, false, err
	}
	defer rows.Close()
	more = true
	for more && rows.Next() {
		n++
		fields, broken := rowText(rows)
		if more, err = give(fields, broken); err != nil {
			return n, false, err
		}
	}
	rows.Close()
	return n, more, rows.Err()
}

// asText asks for results as PostgreSQL writes them.
func asText() pgx.QueryResultFormats { return pgx.QueryResultFormats{pgx.TextFormatCode} }

// rowText makes fields of the current row; broken says what in it cannot be read.
func rowText(rows pgx.Rows) (fields map[string]string, broken error) {
	described := rows.FieldDescriptions()
	fields = make(map[string]string, len(described))
	for i, raw := range rows.RawValues() {
		if raw == nil {
			continue
		}
		text, err := checkText(string(raw))
		if described[i].DataTypeOID == pgtype.ByteaOID {
			text, err = "", errors.New("er bytea; tag den ud af forespørgslen, eller skriv encode(…, 'base64')")
		}
		if err != nil && broken == nil {
			broken = fmt.Errorf("kolonnen %q: %w", described[i].Name, err)
		}
		fields[described[i].Name] = text
	}
	return fields, broken
}

func (d *postgresDB) document(ctx context.Context, query string, values map[string]any) (content []byte, found bool, err error) {
	text, args, err := numbered(query, values)
	if err != nil {
		return nil, false, err
	}
	// bytea and text are the same bytes in binary form as they are stored.
	rows, err := d.pool.Query(ctx, text, append([]any{pgx.QueryResultFormats{pgx.BinaryFormatCode}}, args...)...)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	if rows.Next() {
		switch oid := rows.FieldDescriptions()[0].DataTypeOID; oid {
		case pgtype.ByteaOID, pgtype.TextOID, pgtype.VarcharOID:
			content, found = slices.Clone(rows.RawValues()[0]), true
		default:
			return nil, false, errors.New("indhold skal give en kolonne af typen bytea eller text")
		}
	}
	rows.Close()
	return content, found, rows.Err()
}

func (d *postgresDB) write(ctx context.Context, statement string, values map[string]any) (connector.Answer, error) {
	text, args, err := numbered(statement, values)
	if err != nil {
		return connector.Answer{}, err
	}
	tx, err := d.pool.BeginTx(ctx, pgx.TxOptions{})
	if err != nil {
		return connector.Answer{}, err
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) // after Commit it does nothing
	a, err := d.execute(ctx, tx, text, args)
	if err == nil {
		err = commitPostgres(ctx, tx)
	}
	var said *pgconn.PgError
	if errors.As(err, &said) && refusal(said) && !connector.Unknown(err) {
		return connector.Answer{Code: CodeConstraint, Text: said.Message}, nil
	}
	return a, err
}

// refusal reports whether PostgreSQL refused the values themselves, or a trigger of the system's did.
func refusal(e *pgconn.PgError) bool {
	return slices.Contains([]string{"22", "23", "44", "P0"}, e.Code[:min(2, len(e.Code))])
}

// execute runs a statement, and answers with the first row it returns and how many rows it changed.
func (d *postgresDB) execute(ctx context.Context, tx pgx.Tx, text string, args []any) (connector.Answer, error) {
	rows, err := tx.Query(ctx, text, append([]any{asText()}, args...)...)
	if err != nil {
		return connector.Answer{}, err
	}
	defer rows.Close()
	var fields map[string]string
	for rows.Next() {
		if fields != nil {
			continue
		}
		var broken error
		if fields, broken = rowText(rows); broken != nil {
			return connector.Answer{}, broken
		}
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return connector.Answer{}, err
	}
	tag := rows.CommandTag()
	if fields == nil {
		fields = map[string]string{"raekker": strconv.FormatInt(tag.RowsAffected(), 10)}
	}
	counts := tag.Insert() || tag.Update() || tag.Delete() || tag.Select() || strings.HasPrefix(tag.String(), "MERGE")
	if counts && tag.RowsAffected() == 0 {
		return connector.Answer{Code: CodeNoRow, Fields: fields, Text: "sætningen ændrede ingen rækker"}, nil
	}
	return connector.Answer{Code: CodeOK, Fields: fields}, nil
}

// commitPostgres commits. When no answer came to that, nobody but the server knows.
func commitPostgres(ctx context.Context, tx pgx.Tx) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := tx.Commit(ctx)
	var said *pgconn.PgError
	answered := errors.As(err, &said) && !strings.HasPrefix(said.Code, "57P") && !strings.HasPrefix(said.Code, "08")
	if err == nil || answered || errors.Is(err, pgx.ErrTxCommitRollback) {
		return err
	}
	return &connector.Error{Op: opWrite, Err: fmt.Errorf("forbindelsen blev afbrudt, før databasen bekræftede: %w", plainError(err)), Temporary: true, Unknown: true}
}

func (d *postgresDB) explain(ctx context.Context, statements map[string]string) error {
	tx, err := d.pool.BeginTx(ctx, pgx.TxOptions{})
	if err != nil {
		return d.failure(opWrite, err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) // nothing was written
	var readOnly string
	if err := tx.QueryRow(ctx, "SHOW transaction_read_only").Scan(&readOnly); err != nil {
		return d.failure(opWrite, err)
	}
	if readOnly == "on" {
		return d.failure(opWrite, errors.New("databasen kan kun læses; er dsn adressen på en kopi?"))
	}
	for _, name := range slices.Sorted(maps.Keys(statements)) {
		if err := explainPostgres(ctx, tx, statements[name]); err != nil {
			return d.failure(name, err)
		}
	}
	return nil
}

// explainPostgres has a statement explained, which looks at our rights too, where it is of a kind that can be.
func explainPostgres(ctx context.Context, tx pgx.Tx, statement string) error {
	if strings.TrimSpace(statement) == "" {
		return nil
	}
	text, args, err := numbered(statement, nil)
	if err != nil {
		return err
	}
	if _, err := tx.Prepare(ctx, "", text); err != nil {
		return err
	}
	word := strings.ToUpper(strings.Fields(statement)[0])
	if !slices.Contains([]string{"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH"}, word) {
		return nil
	}
	_, err = tx.Exec(ctx, "EXPLAIN "+text, args...)
	return err
}

func (d *postgresDB) failure(op string, err error) error {
	var e *connector.Error
	if errors.As(err, &e) {
		return err
	}
	var said *pgconn.PgError
	temporary := true // the connection, or the call's time
	if errors.As(err, &said) {
		// Another server may be in charge later. A source's query that writes is wrong.
		temporary = passes(said.Code) || said.Code == "25006" && !d.readOnly
	} else if !connectionError(err) {
		temporary = false
	}
	return &connector.Error{Op: op, Err: plainError(err), Temporary: temporary}
}

// passes reports whether an error of PostgreSQL's may be gone later: the server is on its way down or up, full, or locked,
// or a person has a right to give.
func passes(code string) bool {
	switch code {
	case "42501", "55P03", "55006":
		return true
	}
	return slices.Contains([]string{"08", "28", "3D", "40", "53", "57", "58"}, code[:min(2, len(code))])
}

// connectionError reports whether an error that is not PostgreSQL's is one of the way there, and not of the config's.
func connectionError(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err) || pgconn.Timeout(err) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// plainError takes from PostgreSQL's errors what may have a value in it, and from pgx's the address.
func plainError(err error) error {
	var said *pgconn.PgError
	var connect *pgconn.ConnectError
	switch {
	case errors.As(err, &said) && said.Code == "57014":
		return errors.New("databasen afbrød kaldet; hæv timeout, hvis det må tage længere")
	case errors.As(err, &said) && said.Code[:min(2, len(said.Code))] == "22":
		return fmt.Errorf("en værdi passer ikke til den type, databasen venter (SQLSTATE %s)", said.Code)
	case errors.As(err, &said):
		return fmt.Errorf("%s (SQLSTATE %s)", said.Message, said.Code)
	case errors.As(err, &connect) && connect.Unwrap() != nil:
		return fmt.Errorf("databasen kan ikke nås: %w", plainError(connect.Unwrap()))
	}
	return err
}

func (d *postgresDB) close() error {
	d.pool.Close()
	return nil
}

package importfile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liuke/shared/importfile"
	"liuke/shared/survey"
)

func TestOrders(t *testing.T) {
	c := mustRead(t, importfile.Request{Kind: importfile.Orders}, "customer_id,date,amount,currency,order_id\n"+
		"c1,1997-01-01,29.33,,o1\n"+
		"\"c \"\"2\"\"\",2026-02-01T00:30:00+08:00,1e2,usd,17\n"+
		"c3,2026-02-01 00:30:00,0.5,EUR,\"o\n3\"\n"+
		"c3,2026-02-01 00:30:00 -0500,0.5,EUR,o4\n"+
		"c3,2026-02-01 00:30:00 UTC,0.5,EUR,客5\n"+
		"c3,1767225600,0,EUR,o6\n")
	expect(t, "rows", c.rows, []string{
		`2 track c1 1997-01-01T12:00:00Z {"order_id":"o1","total":29.33,"currency":"EUR","date":"1997-01-01"}`,
		`3 track c "2" 2026-01-31T16:30:00Z {"order_id":"17","total":100.00,"currency":"USD"}`,
		`6 track c3 2026-02-01T05:30:00Z {"order_id":"o4","total":0.50,"currency":"EUR"}`,
		`7 track c3 2026-02-01T00:30:00Z {"order_id":"客5","total":0.50,"currency":"EUR"}`,
		`8 track c3 2026-01-01T00:00:00Z {"order_id":"o6","total":0.00,"currency":"EUR"}`,
	})
	expect(t, "refused rows", c.refused, []string{"line 4, column order_id: an order id is at most 100 bytes long, without control characters"})
	local := mustRead(t, importfile.Request{Kind: importfile.Orders}, "customer_id,date,amount,order_id\nc,2026-02-01 00:30,1,o\n")
	expect(t, "a time without a zone is the business's", local.rows, []string{
		`2 track c 2026-01-31T16:30:00Z {"order_id":"o","total":1.00,"currency":"EUR"}`,
	})
	dollars := mustRead(t, importfile.Request{Kind: importfile.Orders, Currency: "USD"}, "customer_id,date,amount,order_id\nc,2026-02-01,1,o\n")
	expect(t, "an import may be in another currency", dollars.rows, []string{
		`2 track c 2026-02-01T12:00:00Z {"order_id":"o","total":1.00,"currency":"USD","date":"2026-02-01"}`,
	})
}

func TestRefusedOrdersAreNamedAndTheOthersRead(t *testing.T) {
	long := strings.Repeat("x", 129)
	date := "a date is a day such as 2026-01-31, or a time such as 2026-01-31T08:00:00+08:00 (without a zone it is the business's), since 1970"
	for name, c := range map[string]struct{ row, want string }{
		"no customer":              {",1997-01-01,1,,o", "column customer_id: a customer id must not be empty"},
		"a long customer id":       {long + ",1997-01-01,1,,o", "column customer_id: a customer id is at most 128 bytes long, and this one has 129"},
		"a visitor":                {"anonymous:1,1997-01-01,1,,o", "column customer_id: a customer id must not begin with \"anonymous:\": that is kept for visitors without one"},
		"an ambiguous date":        {"c,01/02/1997,1,,o", "column date: " + date},
		"a day that never was":     {"c,1997-02-30,1,,o", "column date: " + date},
		"a day before all days":    {"c,1969-12-31,1,,o", "column date: " + date},
		"a day to come":            {"c,2026-03-03,1,,o", "column date: the date lies in the future: an import is of what has happened"},
		"a decimal comma":          {"c,1997-01-01,\"12,50\",,o", "column amount: an amount has a decimal point and no separators: write 1234.50 for 1.234,50"},
		"separators of thousands":  {"c,1997-01-01,\"1,000.00\",,o", "column amount: an amount has a decimal point and no separators: write 1234.50 for 1.234,50"},
		"a currency's sign":        {"c,1997-01-01,€5,,o", "column amount: an amount is a decimal number such as 29.33, without signs, separators or spaces around it"},
		"too many decimals":        {"c,1997-01-01,1.005,,o", "column amount: the amount has more decimals than the 2 of EUR: round it to the minor unit"},
		"a negative amount":        {"c,1997-01-01,-1,,o", "column amount: an amount must not be negative: leave refunds out, or take them off their orders' amounts"},
		"an amount beyond bounds":  {"c,1997-01-01,1e11,,o", "column amount: an amount is at most 10000000000.00 EUR"},
		"an amount beyond numbers": {"c,1997-01-01,1e30,,o", "column amount: the amount is too large"},
		"a currency without rates": {"c,1997-01-01,1,CNY,o", "column currency: no rate of CNY is known: add it to the setting rates, or convert the amount to EUR"},
		"a rate that begins later": {"c,1997-01-01,1,USD,o", "column currency: no rate of USD is known on the order's day: add it to the setting rates, or convert the amount to EUR"},
		"no currency at all":       {"c,1997-01-01,1,XXX,o", "column currency: a currency is an active ISO 4217 code of three letters, such as CNY or EUR"},
		"a long order id":          {"c,1997-01-01,1,," + long, "column order_id: an order id is at most 100 bytes long, without control characters"},
		"a row that is cut short":  {"c,1997-01-01", "the row has 2 fields, and the first line of the file 5"},
	} {
		t.Run(name, func(t *testing.T) {
			got := mustRead(t, importfile.Request{Kind: importfile.Orders}, "customer_id,date,amount,currency,order_id\n"+c.row+"\nc,1997-01-01,1,,o\n")
			sep := ", "
			if !strings.HasPrefix(c.want, "column") {
				sep = ": "
			}
			expect(t, "refused", got.refused, []string{"line 2" + sep + c.want})
			if len(got.rows) != 1 || got.rows[0][:2] != "3 " {
				t.Errorf("the row behind it: %v", got.rows)
			}
		})
	}
	got := mustRead(t, importfile.Request{Kind: importfile.Orders, Columns: map[string]string{"amount": "Net"}}, "customer_id,date,Net\nc,1997-01-01,x\n")
	if len(got.refused) != 1 || !strings.HasPrefix(got.refused[0], "line 2, column Net: ") {
		t.Errorf("a column goes by the file's name: %v", got.refused)
	}
}

func TestAFieldsOwnNameDoesWhereTheMappedColumnIsNotThere(t *testing.T) {
	r := importfile.Request{Kind: importfile.Orders, Columns: map[string]string{"customer_id": "id", "amount": "revenue"}}
	c := mustRead(t, r, "customer_id,order_date,revenue,order_id\nC0108,2004-12-20,32,o\n")
	expect(t, "rows", c.rows, []string{`2 track C0108 2004-12-20T12:00:00Z {"order_id":"o","total":32.00,"currency":"EUR","date":"2004-12-20"}`})
	both := mustRead(t, r, "customer_id,id,order_date,revenue,amount,order_id\nother,C0108,2004-12-20,32,7,o\n")
	expect(t, "rows of a file that has both", both.rows, c.rows)
}

func TestEqualRowsAreOrdersOfTheirOwnAndTheSameEachTime(t *testing.T) {
	file := "customer_id,date,amount\nc1,1997-01-01,29.33\nc2,1997-01-01,29.33\nc1,1997-01-01,29.330\nc1,1997-01-01,29.33\n"
	r := importfile.Request{Kind: importfile.Orders}
	once := mustRead(t, r, file)
	distinct := map[string]bool{}
	for _, row := range once.rows {
		distinct[row[2:]] = true
	}
	if len(distinct) != 4 {
		t.Fatalf("four rows made %d orders: %v", len(distinct), once.rows)
	}
	longer := mustRead(t, r, file+"c1,1997-01-01,29.33\n")
	if d := cmp.Diff(once.events, longer.events[:4]); d != "" {
		t.Fatalf("a second reading differs:\n%s", d)
	}
	if distinct[longer.rows[4][2:]] {
		t.Fatal("a further equal row is the same order as one before it")
	}
}

func TestCustomers(t *testing.T) {
	asOf := time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)
	c := mustRead(t, importfile.Request{Kind: importfile.Customers, AsOf: asOf, Columns: map[string]string{"plan": "Tarif"}},
		"ID,E-Mail,Phone,First Name,Consent Email,consent_sms,Tarif,Shoe Size,updated_at,Timezone\n"+
			"c1,a@example.com,+1 555,Ada,yes,0,gold,38,2024-01-05T00:00:00Z,Europe/Paris\n"+
			"c2,,,,,,,,,\n"+
			"c3,nobody,,,,,,,,\n"+
			"c4,,,,perhaps,,,,,\n")
	expect(t, "rows", c.rows, []string{
		`2 identify c1 2024-01-05T00:00:00Z {"email":"a@example.com","phone":"+1 555","first_name":"Ada","time_zone":"Europe/Paris","plan":"gold","Shoe Size":"38","consent":{"email":true,"sms":false}}`,
		`3 identify c2 2025-06-01T00:00:00Z {}`,
	})
	expect(t, "refused rows", c.refused, []string{
		"line 4, column E-Mail: an email address looks like name@example.com",
		"line 5, column Consent Email: consent is true or false, or left empty",
	})
}

func TestACustomersFileThatIsImportedLaterSaysTheSame(t *testing.T) {
	file := "customer_id,email\nc1,a@example.com\n"
	first := mustRead(t, importfile.Request{Kind: importfile.Customers, AsOf: now.Add(-time.Hour)}, file)
	second := mustRead(t, importfile.Request{Kind: importfile.Customers, AsOf: now}, file)
	if first.events[0].ID != second.events[0].ID {
		t.Error("the same row is another event")
	}
	if other := mustRead(t, importfile.Request{Kind: importfile.Customers}, "customer_id,email\nc1,b@example.com\n"); other.events[0].ID == first.events[0].ID {
		t.Error("another row is the same event")
	}
}

func TestAnswers(t *testing.T) {
	c := mustRead(t, importfile.Request{Kind: importfile.Answers},
		"customer_id,score,answered_at,comment,answer_id,tags,locale,channel,updated_at,Agent\n"+
			"c1,9,2024-01-05T10:00:00.1234Z,\"fine,\nreally\",r1,\"fast, cheap,fast\",zh-CN,SMS,2024-01-06,Kim\n"+
			"c1,0,2024-01-05,,,,,,,\n"+
			"c1,0,2024-01-05,,,,,,,\n"+
			"c2,11,2024-01-05,,r2,,,,,\n"+
			"c2,,2024-01-05,,r2,,,,,\n"+
			"c2,5,2024-01-05,,"+strings.Repeat("r", 122)+",,,,,\n")
	expect(t, "refused rows", c.refused, []string{
		"line 6, column score: score is a whole number from 0 to 10",
		"line 7, column score: score must be answered",
		"line 8, column answer_id: an answer's id is at most 121 bytes long, without control characters",
	})
	if len(c.rows) != 6 {
		t.Fatalf("rows: %v", c.rows)
	}
	expect(t, "the first", c.rows[:2], []string{
		`2 identify c1 2024-01-06T12:00:00Z {"last_surveyed_at":"2024-01-06T12:00:00Z"}`,
		`2 track c1 2024-01-06T12:00:00Z {"survey":"nps","version":1,"kind":"nps","invitation":"import-r1","score":9,"answers":{"score":9},"texts":{"comment":"fine,\nreally"},"complete":true,"revision":1,"cell":{"channel":"sms"},"sentiment":"positive","tags":["fast","cheap"],"properties":{"Agent":"Kim"}}`,
	})
	if a := c.answers[0]; a.Locale != "zh-CN" || a.Answered.Nanosecond() != 123e6 || c.answers[1].Locale != "" {
		t.Errorf("%+v", a)
	}
	if c.answers[1].Invitation == c.answers[2].Invitation {
		t.Error("equal rows are one answer")
	}
	unknown := mustRead(t, importfile.Request{Kind: importfile.Answers, Survey: "other"}, "customer_id,score,date\nc,1,2024-01-05\n")
	expect(t, "refused", unknown.refused, []string{"line 2, column survey: there is no survey with this id"})
}

func TestTheLaterEditionOfAnAnswerStandsInAnyOrder(t *testing.T) {
	c := mustRead(t, importfile.Request{Kind: importfile.Answers}, "customer_id,score,date,comment,answer_id\n"+
		"c,3,2024-01-05,b,r\nc,4,2024-01-06,a,r\nc,2,2024-01-06,z,r\nc,4,2024-01-06,b,r\n")
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 3, 0, 1}} {
		var standing *survey.Answer
		for range 2 { // a second time changes nothing
			before := standing
			changes := 0
			for _, i := range order {
				next, changed := importfile.Over(standing, c.answers[i])
				if changed {
					changes++
				}
				standing = &next
			}
			if standing.Score != 4 || standing.Values["comment"].Text != "b" || (before != nil && changes > 0) {
				t.Errorf("in the order %v, after %d changes: %+v", order, changes, standing)
			}
		}
	}
}

func TestPinpoint(t *testing.T) {
	table := mustRead(t, importfile.Request{Kind: importfile.Pinpoint},
		"ChannelType,Address,EndpointStatus,OptOut,Id,EffectiveDate,User.UserId,User.UserAttributes.FirstName,User.UserAttributes.interests,Attributes.plan,Demographic.Locale,Location.Country,Demographic.Make\n"+
			"EMAIL,a@example.com,ACTIVE,NONE,e1,2024-01-05T10:00:00Z,u1,Ada,\"[\"\"a\"\",\"\"b\"\"]\",gold,en_GB,GB,Apple\n"+
			"SMS,+15550100,ACTIVE,ALL,e2,2024-01-06T10:00:00Z,u1,,,,,,\n"+
			"GCM,token,INACTIVE,NONE,e3,2024-01-06T10:00:00Z,,,,,,,\n"+
			"PIGEON,roof,,,e4,,,,,,,,\n"+
			"EMAIL,nobody,,,e5,,u1,,,,,,\n"+
			"EMAIL,,,,,,,,,,,,\n")
	expect(t, "rows", table.rows, []string{
		`2 identify u1 2024-01-05T10:00:00Z {"country":"GB","email":"a@example.com","first_name":"Ada","interests":"a, b","locale":"en-GB","plan":"gold","consent":{"email":true}}`,
		`3 identify u1 2024-01-06T10:00:00Z {"phone":"+15550100","consent":{"sms":false}}`,
		`4 identify anonymous:e3 2024-01-06T10:00:00Z {}`,
	})
	expect(t, "refused rows", table.refused, []string{
		"line 5, column ChannelType: the channel is none of Pinpoint's",
		"line 6, column Address: an email address looks like name@example.com",
		"line 7, column Id: a customer id must not be empty",
	})
	lines := mustRead(t, importfile.Request{Kind: importfile.Pinpoint},
		`{"Id":"e1","ChannelType":"EMAIL","Address":"a@example.com","EndpointStatus":"ACTIVE","OptOut":"NONE","EffectiveDate":"2024-01-05T10:00:00.000Z","Attributes":{"plan":["gold"]},"Demographic":{"Locale":"en_GB","Make":"Apple"},"Location":{"Country":"GB"},"User":{"UserId":"u1","UserAttributes":{"FirstName":["Ada"],"interests":["a","b"]}},"CohortId":"7"}`+"\n\n"+
			`{"Id":"e2","ChannelType":"APNS","Address":"token","OptOut":"ALL","CreationDate":"2024-01-06T10:00:00.000Z"}`+"\r\n"+
			`{"Id":7}`+"\n"+`{"Id":"e`+"\n"+`{"Id":"e","ChannelType":"EMAIL","EffectiveDate":"soon"}`)
	expect(t, "rows of JSON", lines.rows, []string{table.rows[0][:0] + "1" + table.rows[0][1:], `3 identify anonymous:e2 2024-01-06T10:00:00Z {"push_token":"token","consent":{"push":false}}`})
	if len(lines.refused) != 3 || lines.refused[1] != "line 5: the line is no JSON object: an export has one endpoint a line" ||
		!strings.HasPrefix(lines.refused[0], "line 4, column Id: ") || !strings.HasPrefix(lines.refused[2], "line 6, column EffectiveDate: ") {
		t.Errorf("refused: %v", lines.refused)
	}
}

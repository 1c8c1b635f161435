package suite

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"
)

// upload imports a file by presigned upload, waits until it is folded, and returns what became of its rows.
func upload(t *testing.T, s *Suite, kind, file string) (read, accepted, refused int) {
	t.Helper()
	var ticket struct {
		ID  string `json:"import_id"`
		URL string `json:"upload_url"`
	}
	if status := call(t, s, http.MethodPost, "/v1/imports", fmt.Sprintf(`{"kind":%q,"bytes":%d}`, kind, len(file)), &ticket); status != http.StatusCreated {
		t.Fatalf("the import was answered %d, want 201", status)
	}
	put(t, ticket.URL, file+"x", http.StatusForbidden) // longer than was signed for
	put(t, ticket.URL, file, http.StatusOK)
	if err := s.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	var made struct {
		State string
		Rows  struct{ Read, Accepted, Refused int }
	}
	if status := call(t, s, http.MethodGet, "/v1/imports/"+ticket.ID, "", &made); status != http.StatusOK || made.State != "done" {
		t.Fatalf("the import was answered %d and is %q, want done", status, made.State)
	}
	return made.Rows.Read, made.Rows.Accepted, made.Rows.Refused
}

func put(t *testing.T, url, body string, want int) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if raw, err := io.ReadAll(answer.Body); answer.StatusCode != want || err != nil {
		t.Fatalf("the upload was answered %s %s, %v; want %d", answer.Status, raw, err, want)
	}
}

// orders is what a customer's orders come to: how many, and how much.
func orders(t *testing.T, s *Suite, customer string) string {
	t.Helper()
	var view struct {
		Orders struct {
			Count   int
			Revenue string
		}
	}
	if status := call(t, s, http.MethodGet, "/v1/customers/"+customer, "", &view); status != http.StatusOK {
		return http.StatusText(status)
	}
	return fmt.Sprintf("%d for %s", view.Orders.Count, view.Orders.Revenue)
}

// TestAFileIsImportedByUploadAndOnlyOnce goes the whole way: presigned upload, the bucket's event, the rule, the queue,
// the function that reads the file, the events, the customers.
func TestAFileIsImportedByUploadAndOnlyOnce(t *testing.T) {
	s := start(t, t.TempDir(), nil)
	const file = history + "carol,o4,2024-02-30,1\n"
	for range 2 {
		if read, accepted, refused := upload(t, s, "orders", file); read != 4 || accepted != 3 || refused != 1 {
			t.Errorf("%d rows read, %d accepted, %d refused; want 4, 3 and the one with a day that is none", read, accepted, refused)
		}
		for customer, want := range map[string]string{"alice": "2 for 49.90", "bob": "1 for 12.50", "carol": "Not Found"} {
			if got := orders(t, s, customer); got != want {
				t.Errorf("%s: %s, want %s", customer, got, want)
			}
		}
	}
	noneDenied(t, s)
}

// noneDenied sees to it that the templates allowed all that was done.
func noneDenied(t *testing.T, s *Suite) {
	t.Helper()
	for _, d := range s.Permissions().Denied {
		t.Errorf("refused: %s", d.What)
	}
}

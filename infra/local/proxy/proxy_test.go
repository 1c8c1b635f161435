package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	sesTypes "github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqsTypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

// TestPermissions makes real calls by real clients, each once with its permissions and once with one of them missing.
func TestPermissions(t *testing.T) {
	cases := []struct {
		name      string
		encrypted []string
		grants    []string
		call      func(context.Context, *testBundle) error
		missing   string // "" where the call must succeed; else the action that the error names
		code      string // the error's code where a permission is missing, AccessDeniedException where empty
	}{
		{"a get of an item", nil, []string{allow("CUSTOMERS", "dynamodb:GetItem")}, getCustomer, "", ""},
		{"a get without permission", nil, []string{allow("CUSTOMERS", "dynamodb:PutItem")}, getCustomer, "dynamodb:GetItem on table Customers", ""},
		{"a get from an encrypted table without the key", []string{"CUSTOMERS"}, []string{allow("CUSTOMERS", "dynamodb:GetItem")}, getCustomer,
			"kms:Decrypt on key Key, which dynamodb:GetItem needs", ""},
		{"a get from an encrypted table with the key", []string{"CUSTOMERS"},
			[]string{allow("CUSTOMERS", "dynamodb:GetItem"), allow("KEY", "kms:Decrypt")}, getCustomer, "", ""},
		{"a transaction", nil, []string{allow("CUSTOMERS", "dynamodb:ConditionCheckItem"), allow("RECORDS", "dynamodb:PutItem")}, transact, "", ""},
		{"a transaction without the permission of one part", nil, []string{allow("RECORDS", "dynamodb:PutItem")}, transact,
			"dynamodb:ConditionCheckItem on table Customers", ""},
		{"a batch get over both tables", nil, []string{allow("CUSTOMERS", "dynamodb:BatchGetItem"), allow("RECORDS", "dynamodb:BatchGetItem")}, batchGet, "", ""},
		{"a batch get without the permission on one table", nil, []string{allow("CUSTOMERS", "dynamodb:BatchGetItem")}, batchGet,
			"dynamodb:BatchGetItem on table Records", ""},
		{"a query of an index without the permission on it", nil, []string{allow("RECORDS", "dynamodb:Query")}, queryIndex,
			"dynamodb:Query on table Records/index/due", ""},
		{"a batch of messages", nil, []string{allow("QUEUE", "sqs:SendMessage")}, sendBatch, "", ""},
		{"a batch of messages without permission", nil, nil, sendBatch, "sqs:SendMessage on queue events", "AccessDenied"},
		{"a message to an encrypted queue without all of the key", []string{"QUEUE"},
			[]string{allow("QUEUE", "sqs:SendMessage"), allow("KEY", "kms:GenerateDataKey*")}, sendBatch, "kms:Decrypt", "AccessDenied"},
		{"a message to an encrypted queue", []string{"QUEUE"},
			[]string{allow("QUEUE", "sqs:SendMessage"), allow("KEY", "kms:GenerateDataKey*", "kms:Decrypt")}, sendBatch, "", ""},
		{"an object under the prefix that is granted", nil, []string{allow("BUCKET/events/*", "s3:PutObject")}, putObject, "", ""},
		{"an object under another prefix", nil, []string{allow("BUCKET/rejected/*", "s3:PutObject")}, putObject,
			"s3:PutObject on bucket Lake/events/a b+c.gz", "AccessDenied"},
		{"a multipart upload", []string{"BUCKET"}, []string{allow("BUCKET/*", "s3:PutObject"), allow("KEY", "kms:GenerateDataKey", "kms:Decrypt")}, multipart, "", ""},
		{"a multipart upload with a key that may not decrypt", []string{"BUCKET"},
			[]string{allow("BUCKET/*", "s3:PutObject"), allow("KEY", "kms:GenerateDataKey")}, multipart, "kms:Decrypt", "AccessDenied"},
		{"a list of a bucket", nil, []string{`{"Effect":"Allow","Action":"s3:ListBucket","Resource":"BUCKET","Condition":{"StringLike":{"s3:prefix":"runs/*"}}}`}, listRuns, "", ""},
		{"a list of another prefix", nil, []string{`{"Effect":"Allow","Action":"s3:ListBucket","Resource":"BUCKET","Condition":{"StringLike":{"s3:prefix":"events/*"}}}`}, listRuns,
			"StringLike on s3:prefix", "AccessDenied"},
		{"a secret", nil, []string{allow("SECRET", "secretsmanager:GetSecretValue")}, getSecret, "", ""},
		{"a secret without permission", nil, nil, getSecret, "secretsmanager:GetSecretValue on secret WriteKeys", ""},
		{"a secret whose key may not be used", []string{"SECRET"}, []string{allow("SECRET", "secretsmanager:GetSecretValue")}, getSecret, "kms:Decrypt", ""},
		{"a mail", nil, []string{allow("arn:aws:ses:eu-central-1:111111111111:identity/shop.example", "ses:SendEmail"),
			allow("arn:aws:ses:eu-central-1:111111111111:configuration-set/liuke", "ses:SendEmail")}, sendMail, "", ""},
		{"a mail without the permission on the configuration set", nil,
			[]string{allow("arn:aws:ses:eu-central-1:111111111111:identity/shop.example", "ses:SendEmail")}, sendMail,
			"ses:SendEmail on arn:aws:ses:eu-central-1:111111111111:configuration-set/liuke", ""},
		{"the quota", nil, []string{allow("*", "ses:GetAccount")}, getQuota, "", ""},
		{"the quota without permission", nil, nil, getQuota, "ses:GetAccount on *", ""},
		{"an SMS", nil, []string{allow(pool, "sms-voice:SendTextMessage"), allow(textSet, "sms-voice:SendTextMessage")}, sendText, "", ""},
		{"an SMS from another pool", nil, []string{allow(pool+"2", "sms-voice:SendTextMessage"), allow(textSet, "sms-voice:SendTextMessage")}, sendText,
			"sms-voice:SendTextMessage on " + pool, ""},
		{"a notification", nil, []string{allow("arn:aws:sns:eu-central-1:111111111111:endpoint/GCM/shop/*", "sns:Publish")}, notify, "", ""},
		{"a notification to another application", nil, []string{allow("arn:aws:sns:eu-central-1:111111111111:endpoint/APNS/shop/*", "sns:Publish")}, notify,
			"sns:Publish on arn:aws:sns:eu-central-1:111111111111:endpoint/GCM/shop/1", "AuthorizationError"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t, nil, c.encrypted, c.grants...)
			b.standIn = answerStandIns
			err := c.call(t.Context(), b)
			if c.missing == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			want := c.code
			if want == "" {
				want = "AccessDeniedException"
			}
			var api smithy.APIError
			if !errors.As(err, &api) || api.ErrorCode() != want || !strings.Contains(api.ErrorMessage(), "function ingest may not ") ||
				!strings.Contains(api.ErrorMessage(), c.missing) {
				t.Errorf("error = %v, want %s that names %s", err, want, c.missing)
			}
			if list := b.authority.Denials(); len(list) != 1 {
				t.Errorf("denials = %v, want one", list)
			}
		})
	}
}

func answerStandIns(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/v2/email/outbound-emails" {
		fmt.Fprint(w, `{"MessageId":"1"}`)
		return
	}
	if r.Header.Get("Content-Type") == "application/x-www-form-urlencoded" {
		fmt.Fprint(w, `<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>`)
		return
	}
	fmt.Fprintf(w, `{"ARN":%q,"SecretString":"{}"}`, secret)
}

const (
	pool    = "arn:aws:sms-voice:eu-central-1:111111111111:pool/pool-1"
	textSet = "arn:aws:sms-voice:eu-central-1:111111111111:configuration-set/texts"
)

func getQuota(ctx context.Context, b *testBundle) error {
	_, err := sesv2.NewFromConfig(b.cfg).GetAccount(ctx, &sesv2.GetAccountInput{})
	return err
}

func sendText(ctx context.Context, b *testBundle) error {
	_, err := pinpointsmsvoicev2.NewFromConfig(b.cfg).SendTextMessage(ctx, &pinpointsmsvoicev2.SendTextMessageInput{
		DestinationPhoneNumber: aws.String("+4915112345678"), MessageBody: aws.String("Hi"), OriginationIdentity: aws.String(pool), ConfigurationSetName: aws.String("texts"),
	})
	return err
}

func notify(ctx context.Context, b *testBundle) error {
	_, err := sns.NewFromConfig(b.cfg).Publish(ctx, &sns.PublishInput{
		TargetArn: aws.String("arn:aws:sns:eu-central-1:111111111111:endpoint/GCM/shop/1"), Message: aws.String("Hi"),
	})
	return err
}

func getCustomer(ctx context.Context, b *testBundle) error {
	_, err := b.dynamoDB().GetItem(ctx, &dynamodb.GetItemInput{TableName: &b.customers, Key: id("c1")})
	return err
}

func id(value string) map[string]ddb.AttributeValue {
	return map[string]ddb.AttributeValue{"id": &ddb.AttributeValueMemberS{Value: value}}
}

func record(pk string) map[string]ddb.AttributeValue {
	return map[string]ddb.AttributeValue{"pk": &ddb.AttributeValueMemberS{Value: pk}, "sk": &ddb.AttributeValueMemberS{Value: "A"}}
}

func transact(ctx context.Context, b *testBundle) error {
	_, err := b.dynamoDB().TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []ddb.TransactWriteItem{
		{Put: &ddb.Put{TableName: &b.records, Item: record("x")}},
		{ConditionCheck: &ddb.ConditionCheck{TableName: &b.customers, Key: id("c1"), ConditionExpression: aws.String("attribute_not_exists(id)")}},
	}})
	return err
}

func batchGet(ctx context.Context, b *testBundle) error {
	_, err := b.dynamoDB().BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]ddb.KeysAndAttributes{
		b.customers: {Keys: []map[string]ddb.AttributeValue{id("c1")}},
		b.records:   {Keys: []map[string]ddb.AttributeValue{record("x")}},
	}})
	return err
}

func queryIndex(ctx context.Context, b *testBundle) error {
	_, err := b.dynamoDB().Query(ctx, &dynamodb.QueryInput{TableName: &b.records, IndexName: aws.String("due"), KeyConditionExpression: aws.String("pk = :a"),
		ExpressionAttributeValues: map[string]ddb.AttributeValue{":a": &ddb.AttributeValueMemberS{Value: "x"}}})
	return err
}

func sendBatch(ctx context.Context, b *testBundle) error {
	_, err := b.sqs().SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &b.queueURL,
		Entries: []sqsTypes.SendMessageBatchRequestEntry{{Id: aws.String("0"), MessageBody: aws.String("a")}}})
	return err
}

func putObject(ctx context.Context, b *testBundle) error {
	key := "events/a b+c.gz"
	if _, err := b.s3().PutObject(ctx, &s3.PutObjectInput{Bucket: &b.bucket, Key: &key, Body: strings.NewReader("body")}); err != nil {
		return err
	}
	out, err := b.engineS3.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.bucket, Key: &key})
	if err != nil {
		return err
	}
	if body, err := io.ReadAll(out.Body); err != nil || string(body) != "body" {
		return fmt.Errorf("the object holds %q, %v", body, err)
	}
	return nil
}

func multipart(ctx context.Context, b *testBundle) error {
	c, key := b.s3(), aws.String("runs/1.csv")
	started, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &b.bucket, Key: key})
	if err != nil {
		return err
	}
	part, err := c.UploadPart(ctx, &s3.UploadPartInput{Bucket: &b.bucket, Key: key, UploadId: started.UploadId, PartNumber: aws.Int32(1),
		Body: strings.NewReader(strings.Repeat("x", 6<<20))})
	if err != nil {
		return err
	}
	_, err = c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: &b.bucket, Key: key, UploadId: started.UploadId,
		MultipartUpload: &s3types.CompletedMultipartUpload{Parts: []s3types.CompletedPart{{ETag: part.ETag, PartNumber: aws.Int32(1)}}}})
	return err
}

func listRuns(ctx context.Context, b *testBundle) error {
	_, err := b.s3().ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &b.bucket, Prefix: aws.String("runs/1")})
	return err
}

func getSecret(ctx context.Context, b *testBundle) error {
	_, err := secretsmanager.NewFromConfig(b.cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(secret)})
	return err
}

func sendMail(ctx context.Context, b *testBundle) error {
	_, err := sesv2.NewFromConfig(b.cfg).SendEmail(ctx, &sesv2.SendEmailInput{
		FromEmailAddress: aws.String("Shop <news@shop.example>"), ConfigurationSetName: aws.String("liuke"),
		Destination: &sesTypes.Destination{ToAddresses: []string{"a@example.com"}},
		Content: &sesTypes.EmailContent{Simple: &sesTypes.Message{Subject: &sesTypes.Content{Data: aws.String("Hi")},
			Body: &sesTypes.Body{Text: &sesTypes.Content{Data: aws.String("Hi")}}}},
	})
	return err
}

func TestAbsentObjectIsHiddenFromWhoMayNotList(t *testing.T) {
	get := func(b *testBundle) error {
		_, err := b.s3().GetObject(t.Context(), &s3.GetObjectInput{Bucket: &b.bucket, Key: aws.String("runs/none")})
		return err
	}
	var api smithy.APIError
	b := setup(t, nil, nil, allow("BUCKET/*", "s3:GetObject"))
	if err := get(b); !errors.As(err, &api) || api.ErrorCode() != "AccessDenied" || !strings.Contains(api.ErrorMessage(), "s3:ListBucket") {
		t.Errorf("error = %v, want AccessDenied that names s3:ListBucket", err)
	}
	b = setup(t, nil, nil, allow("BUCKET/*", "s3:GetObject"), allow("BUCKET", "s3:ListBucket"))
	var absent *s3types.NoSuchKey
	if err := get(b); !errors.As(err, &absent) {
		t.Errorf("error = %v, want NoSuchKey", err)
	}
}

func TestUnknownCallersAndOperationsAreRefused(t *testing.T) {
	b := setup(t, nil, nil, allow("*", "*"))
	var api smithy.APIError
	_, err := dynamodb.NewFromConfig(config(*b.cfg.BaseEndpoint, "AKNOBODY")).ListTables(t.Context(), &dynamodb.ListTablesInput{})
	if !errors.As(err, &api) || api.ErrorCode() != "UnrecognizedClientException" {
		t.Errorf("an unknown key: error = %v, want UnrecognizedClientException", err)
	}
	_, err = b.dynamoDB().ExecuteStatement(t.Context(), &dynamodb.ExecuteStatementInput{Statement: aws.String("SELECT * FROM x")})
	if !errors.As(err, &api) || api.ErrorCode() != "UnknownOperationException" {
		t.Errorf("PartiQL: error = %v, want UnknownOperationException", err)
	}
	_, err = b.sqs().SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String("http://127.0.0.1/0/other"), MessageBody: aws.String("x")})
	var gone *sqsTypes.QueueDoesNotExist
	if !errors.As(err, &gone) {
		t.Errorf("another queue: error = %v, want QueueDoesNotExist", err)
	}
	response, err := http.Get(*b.cfg.BaseEndpoint + "/" + b.bucket + "/a")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusForbidden {
		t.Errorf("an unsigned request: status %d, want 403", response.StatusCode)
	}
}

func TestPresignedURL(t *testing.T) {
	b := setup(t, nil, nil, allow("BUCKET/runs/*", "s3:GetObject"))
	for _, key := range []string{"runs/1/scores.csv", "secret"} {
		if _, err := b.engineS3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &b.bucket, Key: &key, Body: strings.NewReader("a,b")}); err != nil {
			t.Fatal(err)
		}
	}
	presign := func(key string, lifetime time.Duration) string {
		signed, err := s3.NewPresignClient(b.s3()).PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: &b.bucket, Key: &key,
			ResponseContentDisposition: aws.String(`attachment; filename="scores.csv"`)}, s3.WithPresignExpires(lifetime))
		if err != nil {
			t.Fatal(err)
		}
		return signed.URL
	}
	good := presign("runs/1/scores.csv", time.Minute)
	cases := []struct {
		name, url string
		later     time.Duration
		status    int
		message   string
	}{
		{"the URL as it was signed is served", good, 0, 200, "a,b"},
		{"a URL that names another object is refused", strings.Replace(good, "scores.csv?", "other.csv?", 1), 0, 403, "signature does not match"},
		{"a URL whose lifetime was stretched is refused", strings.Replace(good, "X-Amz-Expires=60", "X-Amz-Expires=600", 1), 0, 403, "signature does not match"},
		{"a URL is refused when it has expired", good, 2 * time.Minute, 403, "Request has expired"},
		{"a URL gives no more than the function may do itself", presign("secret", time.Minute), 0, 403, "s3:GetObject on bucket Lake/secret"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b.proxy.cfg.Now = func() time.Time { return time.Now().Add(c.later) }
			response, err := http.Get(c.url)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != c.status || !strings.Contains(string(body), c.message) {
				t.Errorf("status %d, body %s; want %d, %q", response.StatusCode, body, c.status, c.message)
			}
		})
	}
}

func TestUsageSumsConsumedCapacity(t *testing.T) {
	b := setup(t, nil, nil, allow("CUSTOMERS", "dynamodb:*"))
	item := id("c1")
	item["CapacityUnits"] = &ddb.AttributeValueMemberN{Value: "99"}
	if _, err := b.dynamoDB().PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &b.customers, Item: item}); err != nil {
		t.Fatal(err)
	}
	for _, consistent := range []bool{true, false} {
		out, err := b.dynamoDB().GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &b.customers, Key: id("c1"), ConsistentRead: &consistent,
			ReturnConsumedCapacity: ddb.ReturnConsumedCapacityTotal})
		if err != nil || len(out.Item) != 2 || out.ConsumedCapacity == nil {
			t.Fatalf("get = %+v, %v; want the item and its capacity", out, err)
		}
	}
	if got, want := b.proxy.Usage()["ingest"], (Units{Read: 1.5, Write: 1}); got != want {
		t.Errorf("usage = %+v, want %+v", got, want)
	}
}

package stack

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestTablesCannotBeLost(t *testing.T) {
	tables := synthesize(t).data.of("AWS::DynamoDB::GlobalTable")
	if len(tables) != 2 {
		t.Fatalf("%d tables, want Customers and Records", len(tables))
	}
	for id, table := range tables {
		if table.DeletionPolicy != "Retain" || table.UpdateReplacePolicy != "Retain" {
			t.Errorf("%s is not retained: %s, %s", id, table.DeletionPolicy, table.UpdateReplacePolicy)
		}
		if table.Properties["BillingMode"] != "PAY_PER_REQUEST" {
			t.Errorf("%s is not on demand", id)
		}
		if table.Properties["StreamSpecification"] != nil {
			t.Errorf("%s has a stream, which nothing reads", id)
		}
		for _, replica := range list(table.Properties["Replicas"]) {
			if at(replica, "DeletionProtectionEnabled") != true {
				t.Errorf("%s can be deleted", id)
			}
			if at(replica, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled") != true {
				t.Errorf("%s has no point-in-time recovery", id)
			}
			if !strings.HasPrefix(target(at(replica, "SSESpecification", "KMSMasterKeyId")), "EncryptionKey") {
				t.Errorf("%s is not encrypted with the suite's key", id)
			}
		}
	}
}

func TestTablesAreKeyedAsTheCodeReadsThem(t *testing.T) {
	want := map[string]string{
		"Customers": `[{"AttributeName":"id","KeyType":"HASH"}] {"AttributeName":"ttl","Enabled":true}`,
		"Records":   `[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}] {"AttributeName":"ttl","Enabled":true}`,
	}
	for id, table := range synthesize(t).data.of("AWS::DynamoDB::GlobalTable") {
		keys, _ := json.Marshal(table.Properties["KeySchema"])
		ttl, _ := json.Marshal(table.Properties["TimeToLiveSpecification"])
		name, _, _ := strings.Cut(id, "Table")
		if got := string(keys) + " " + string(ttl); got != want[name] {
			t.Errorf("%s: %s, want %s", name, got, want[name])
		}
	}
}

func TestLakeIsPrivateEncryptedAndKept(t *testing.T) {
	data := synthesize(t).data
	for id, bucket := range data.of("AWS::S3::Bucket") {
		if bucket.DeletionPolicy != "Retain" {
			t.Errorf("%s is not retained", id)
		}
		for _, block := range []string{"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"} {
			if at(bucket.Properties, "PublicAccessBlockConfiguration", block) != true {
				t.Errorf("%s lacks %s", id, block)
			}
		}
		if !deniesPlainHTTP(data, "AWS::S3::BucketPolicy", "Bucket", id) {
			t.Errorf("%s can be reached without TLS", id)
		}
		if !strings.HasPrefix(id, "LakeBucket") {
			continue
		}
		rule := list(at(bucket.Properties, "BucketEncryption", "ServerSideEncryptionConfiguration"))[0]
		if at(rule, "BucketKeyEnabled") != true || !strings.HasPrefix(target(at(rule, "ServerSideEncryptionByDefault", "KMSMasterKeyID")), "EncryptionKey") {
			t.Errorf("%s is not encrypted with the suite's key through a bucket key: %v", id, rule)
		}
		if target(at(bucket.Properties, "LoggingConfiguration", "DestinationBucketName")) == "" {
			t.Errorf("nobody can tell who read from %s", id)
		}
	}
}

func TestLakeTellsEventBridgeOfItsObjects(t *testing.T) {
	for id, bucket := range synthesize(t).data.of("AWS::S3::Bucket") {
		if !strings.HasPrefix(id, "LakeBucket") {
			continue
		}
		if at(bucket.Properties, "NotificationConfiguration", "EventBridgeConfiguration", "EventBridgeEnabled") != true {
			t.Errorf("%s tells nobody of an upload", id)
		}
	}
}

func TestWhatNamesCustomersInTheLakeExpiresForGood(t *testing.T) {
	type kept struct{ days, overwritten float64 }
	want := map[string]kept{
		"rejected/": {28, 1}, "imports/": {28, 1}, "exports/": {7, 1}, "scores/": {28, 1}, "runs/": {400, 0},
	}
	for id, bucket := range synthesize(t).data.of("AWS::S3::Bucket") {
		if !strings.HasPrefix(id, "LakeBucket") {
			continue
		}
		tidied := false
		for _, rule := range list(at(bucket.Properties, "LifecycleConfiguration", "Rules")) {
			if at(rule, "Status") != "Enabled" {
				t.Errorf("%s: the rule %v is off", id, at(rule, "Id"))
			}
			overwritten, _ := at(rule, "NoncurrentVersionExpiration", "NoncurrentDays").(float64)
			prefix, ok := at(rule, "Prefix").(string)
			if !ok { // for all objects: what is had back, and uploads that never ended
				abandoned, _ := at(rule, "AbortIncompleteMultipartUpload", "DaysAfterInitiation").(float64)
				tidied = overwritten == 30 && abandoned == 7 && at(rule, "ExpirationInDays") == nil
				continue
			}
			days, _ := at(rule, "ExpirationInDays").(float64)
			if got := (kept{days, overwritten}); got != want[prefix] {
				t.Errorf("what stands under %q is kept for %v days and %v more when it is gone, want %v", prefix, days, overwritten, want[prefix])
			}
			delete(want, prefix)
		}
		if !tidied {
			t.Errorf("%s keeps old versions or halves of uploads for good, or nothing at all", id)
		}
	}
	for prefix := range want {
		t.Errorf("what stands under %q never expires", prefix)
	}
}

// deniesPlainHTTP tells whether the policy of a resource refuses what comes without TLS.
func deniesPlainHTTP(tm template, kind, of, id string) bool {
	for _, policy := range tm.of(kind) {
		for _, owner := range list(policy.Properties[of]) {
			if target(owner) != id {
				continue
			}
			for _, s := range list(at(policy.Properties, "PolicyDocument", "Statement")) {
				if at(s, "Effect") == "Deny" && at(s, "Condition", "Bool", "aws:SecureTransport") == "false" {
					return true
				}
			}
		}
	}
	return false
}

func TestKeyRotatesAndStays(t *testing.T) {
	keys := synthesize(t).data.of("AWS::KMS::Key")
	if len(keys) != 1 {
		t.Fatalf("%d keys, want one", len(keys))
	}
	for _, key := range keys {
		if key.Properties["EnableKeyRotation"] != true || key.DeletionPolicy != "Retain" {
			t.Errorf("the key does not rotate or is not retained: %v, %s", key.Properties["EnableKeyRotation"], key.DeletionPolicy)
		}
	}
}

func TestServicesMayUseTheKeyForThisAccountAlone(t *testing.T) {
	want := map[string]bool{
		"ses.amazonaws.com": false, "sns.amazonaws.com": false, "cloudwatch.amazonaws.com": false,
		"events.amazonaws.com": false, "logs." + region + ".amazonaws.com": false,
	}
	for _, key := range synthesize(t).data.of("AWS::KMS::Key") {
		for _, s := range list(at(key.Properties, "KeyPolicy", "Statement")) {
			service, ok := at(s, "Principal", "Service").(string)
			if !ok {
				continue
			}
			want[service] = true
			ofAccount := at(s, "Condition", "StringEquals", "aws:SourceAccount") == account ||
				strings.Contains(text(at(s, "Condition", "ArnLike", "kms:EncryptionContext:aws:logs:arn")), ":"+account+":")
			if !ofAccount {
				t.Errorf("%s may use the key for any account", service)
			}
		}
	}
	for service, allowed := range want {
		if !allowed {
			t.Errorf("%s may not use the key", service)
		}
	}
}

func TestNoSecretStandsInATemplate(t *testing.T) {
	s := synthesize(t)
	secrets := s.data.of("AWS::SecretsManager::Secret")
	// The first member of each; that of the webhooks' secret is no connection.
	want := map[string]string{"WriteKeys": "current", "TokenKeys": "current", "Webhooks": "unused"}
	if len(secrets) != len(want) {
		t.Errorf("%d secrets, want %d", len(secrets), len(want))
	}
	for id, secret := range secrets {
		if secret.Properties["SecretString"] != nil {
			t.Errorf("the value of %s stands in the template", id)
		}
		generate := at(secret.Properties, "GenerateSecretString")
		name, _, _ := strings.Cut(id, "Secret")
		if at(generate, "GenerateStringKey") != want[name] || at(generate, "PasswordLength").(float64) < 43 {
			t.Errorf("%s is not generated as {%q: 256 random bits}: %v", id, want[name], generate)
		}
		if secret.DeletionPolicy != "Retain" {
			t.Errorf("%s is not retained", id)
		}
	}
	for _, tm := range synthesizeWhole(t).all() {
		raw, err := json.Marshal(tm.Resources)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(raw), "{{resolve:") {
			t.Error("a secret's value is resolved into the template")
		}
	}
	for id, fn := range s.app.of("AWS::Lambda::Function") {
		for name, value := range fn.Properties["Environment"].(map[string]any)["Variables"].(map[string]any) {
			if v, literal := value.(string); literal && v != "" && strings.HasSuffix(name, "_SECRET") {
				t.Errorf("%s: %s is a literal, not a secret's ARN", id, name)
			}
		}
	}
}

func TestOperatorsAreInvitedAndHaveASecondFactor(t *testing.T) {
	for id, pool := range synthesize(t).data.of("AWS::Cognito::UserPool") {
		p := pool.Properties
		if at(p, "AdminCreateUserConfig", "AllowAdminCreateUserOnly") != true || p["MfaConfiguration"] != "ON" {
			t.Errorf("%s lets people register themselves or in without a second factor", id)
		}
		if p["DeletionProtection"] != "ACTIVE" || pool.DeletionPolicy != "Retain" {
			t.Errorf("%s can be deleted", id)
		}
		if n := at(p, "Policies", "PasswordPolicy", "MinimumLength").(float64); n < 12 {
			t.Errorf("%s takes passwords of %v characters", id, n)
		}
	}
}

func TestDkimRecordsArePutOut(t *testing.T) {
	records := 0
	for _, o := range synthesize(t).data.Outputs {
		if strings.Contains(text(o.Value), " CNAME ") {
			records++
		}
	}
	if records != 3 {
		t.Errorf("%d DKIM records are put out, want 3", records)
	}
}

"""Certificates, which only versions of this SDK's time have."""

import base64
import unittest
from datetime import datetime, timedelta, timezone

from azure.batch import models
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12

from account import REAL, AccountTest, container_pool, fresh, task, wait_for

PASSWORD = "jdf8-fGh"


def certificate_with_key():
    """A certificate that no other test has, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, fresh("certificate"))])
    now = datetime.now(timezone.utc)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return builder.sign(key, hashes.SHA256()), key


def parameter(certificate, content, form, password=None):
    """What adds a certificate."""
    return models.CertificateAddParameter(
        thumbprint=certificate.fingerprint(hashes.SHA1()).hex(),
        thumbprint_algorithm="sha1",
        data=base64.b64encode(content).decode(),
        certificate_format=form,
        password=password,
    )


class Certificates(AccountTest):
    """Certificates of the account."""

    def new_certificate(self):
        certificate, _ = certificate_with_key()
        der = certificate.public_bytes(serialization.Encoding.DER)
        added = parameter(certificate, der, models.CertificateFormat.cer)
        self.client.certificate.add(added)
        return added

    def until_gone(self, thumb):
        certificates = self.client.certificate
        wait_for("no certificate", lambda: self.code_of(lambda: certificates.get(*thumb)) == "CertificateNotFound")

    def test_a_certificate_is_added_read_listed_and_deleted(self):
        certificates, added = self.client.certificate, self.new_certificate()
        thumb = ("sha1", added.thumbprint)
        read = certificates.get(*thumb)
        self.assertEqual((read.thumbprint, read.state), (added.thumbprint, models.CertificateState.active))
        self.assertEqual(read.public_data, added.data)
        self.assertIn(f"thumbprint={added.thumbprint}", read.url)
        self.assertIn(added.thumbprint, [found.thumbprint for found in certificates.list()])
        options = models.CertificateListOptions(filter="state eq 'active'", select="thumbprint", max_results=1)
        self.assertIn(added.thumbprint, [found.thumbprint for found in certificates.list(options)])
        self.fails("CertificateExists", lambda: certificates.add(added))
        self.fails("CertificateStateActive", lambda: certificates.cancel_deletion(*thumb))
        certificates.delete(*thumb)
        self.until_gone(thumb)

    def test_a_key_and_its_password_go_in_and_never_come_out(self):
        certificate, key = certificate_with_key()
        sealing = serialization.BestAvailableEncryption(PASSWORD.encode())
        content = pkcs12.serialize_key_and_certificates(b"c", key, certificate, None, sealing)
        added = parameter(certificate, content, models.CertificateFormat.pfx, PASSWORD)
        self.client.certificate.add(added)
        raw = self.client.certificate.get("sha1", added.thumbprint, raw=True).response.text
        self.assertNotIn(PASSWORD, raw)
        self.assertNotIn(added.data, raw)
        self.client.certificate.delete("sha1", added.thumbprint)

    @unittest.skipUnless(REAL, "containers are simulated")
    def test_tasks_find_the_certificates_of_their_pool_in_their_container(self):
        certificate, key = certificate_with_key()
        sealing = serialization.BestAvailableEncryption(PASSWORD.encode())
        content = pkcs12.serialize_key_and_certificates(b"c", key, certificate, None, sealing)
        added = parameter(certificate, content, models.CertificateFormat.pfx, PASSWORD)
        self.client.certificate.add(added)
        pool_id = fresh("pool")
        pool = container_pool(pool_id, 1)
        pool.certificate_references = [
            models.CertificateReference(thumbprint=added.thumbprint, thumbprint_algorithm="sha1")
        ]
        self.client.pool.add(pool)
        self.addCleanup(self.client.pool.delete, pool_id)
        job_id = fresh("job")
        self.client.job.add(models.JobAddParameter(id=job_id, pool_info=models.PoolInformation(pool_id=pool_id)))
        self.addCleanup(self.delete_job, job_id)
        look = "cd $AZ_BATCH_CERTIFICATES_DIR && ls && cat *.pw && echo && base64 -w 0 *.pfx"
        self.client.task.add(job_id, task("look", f'/bin/sh -c "{look}"'))
        self.until_task(job_id, "look", models.TaskState.completed)
        said = b"".join(self.client.file.get_from_task(job_id, "look", "stdout.txt")).decode()
        name = f"sha1-{added.thumbprint}.pfx"
        self.assertEqual(said, f"{name}\n{name}.pw\n{PASSWORD}\n{added.data}")

    def test_a_certificate_that_a_pool_has_stays(self):
        certificates, added = self.client.certificate, self.new_certificate()
        thumb = ("sha1", added.thumbprint)
        pool_id = fresh("pool")
        pool = container_pool(pool_id, 0)
        pool.certificate_references = [
            models.CertificateReference(
                thumbprint=added.thumbprint,
                thumbprint_algorithm="sha1",
                visibility=[models.CertificateVisibility.task],
            )
        ]
        self.client.pool.add(pool)
        self.addCleanup(self.client.pool.delete, pool_id)
        reference = self.client.pool.get(pool_id).certificate_references[0]
        self.assertEqual((reference.thumbprint, reference.visibility), (added.thumbprint, ["task"]))
        certificates.delete(*thumb)
        failed = models.CertificateState.delete_failed
        wait_for("failure to delete", lambda: certificates.get(*thumb).state == failed)
        why = certificates.get(*thumb).delete_certificate_error
        self.assertEqual((why.code, why.values[0].value), ("PoolsReferencingCertificate", pool_id))
        certificates.cancel_deletion(*thumb)
        self.assertEqual(certificates.get(*thumb).state, models.CertificateState.active)
        self.client.pool.patch(pool_id, models.PoolPatchParameter(certificate_references=[]))
        certificates.delete(*thumb)
        self.until_gone(thumb)

    def test_a_pool_can_only_have_what_there_is(self):
        pool = container_pool(fresh("pool"), 0)
        pool.certificate_references = [models.CertificateReference(thumbprint="ab", thumbprint_algorithm="sha1")]
        self.fails("InvalidCertificateReferences", lambda: self.client.pool.add(pool))

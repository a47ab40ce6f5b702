# Every container of the task runs this before the first of them runs the task's command: it lets the others in.
# They share one key, which is both what they log in with and what they are known by.
set -eu
umask 077
mkdir -p ~root/.ssh /run/sshd
cd ~root/.ssh
printf %s "$MPI_SSH_KEY" | base64 -d >id_mpi
ssh-keygen -y -f id_mpi >authorized_keys
echo "* $(cat authorized_keys)" >known_hosts
cat >config <<END
Host *
  Port 2222
  IdentityFile ~/.ssh/id_mpi
  UserKnownHostsFile ~/.ssh/known_hosts
  StrictHostKeyChecking yes
END
/usr/sbin/sshd -p 2222 -o HostKey="$PWD/id_mpi" -o PermitRootLogin=prohibit-password -o StrictModes=no

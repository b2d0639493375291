-- How the command that ran a job ended, so that whoever watches the job can end in the same way.

-- The exit status of the run's process; NULL: it died, or an earlier version ran it.
ALTER TABLE run ADD COLUMN exit_status INTEGER CHECK (exit_status BETWEEN 0 AND 255);

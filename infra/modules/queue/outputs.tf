output "queue" {
  description = "The queue."
  value       = aws_sqs_queue.this
}

output "dead_letters" {
  description = "The queue of what could not be processed."
  value       = aws_sqs_queue.dead_letters
}

"""The laptop cloud: MiniStack with IAM enforced, a SageMaker, and the real SAM CLI deploying the real template."""
